"""What goes wrong, as application/problem+json (RFC 9457): {"type", "title", "status", "detail"}, by the type the facts
that it tells (ccd.errors.types), and what else a caller can use."""

import math
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ccd.errors import CcdError, DatabaseBusyError, LedgerBrokenError, NotAllowedError
from ccd.errors.types import NO_TYPE, OF_STATUS, URN
from ccd.sql.turns import DRIVER_ERRORS
from ccd.web.reading import is_no_answer

MEDIA_TYPE = "application/problem+json"
INCIDENT_PAUSE_S = 60.0  # without a request that found no answer: the next one is another incident


class Problem(HTTPException):
    """Raised by whoever answers a request; `more` joins the fields. Without a type of its own it has its status's."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
        because: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.more, self.because, self.facts = dict(more or {}), because, dict(facts or {})


def problem_of(status: HTTPStatus, error: CcdError) -> Problem:
    """What a rule refused, by its own type and with its facts."""
    return Problem(status, str(error), because=error.because, facts=error.facts)


def problem_response(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
    because: str = "",
    facts: Mapping[str, object] | None = None,
) -> JSONResponse:
    body = _body(status, detail, because, facts or {}) | dict(more or {})
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def body_of(status: int, error: CcdError) -> dict[str, object]:
    """What a rule refuses, as it is told within an answer that is none."""
    return _body(status, str(error), error.because, error.facts)


def _body(status: int, detail: str, because: str, facts: Mapping[str, object]) -> dict[str, object]:
    known = because or OF_STATUS.get(status, "")
    return {
        "type": URN + known if known else NO_TYPE, "title": HTTPStatus(status).phrase, "status": int(status),
        "detail": detail, "facts": dict(facts),
    }  # fmt: skip


def speak_problems(app: FastAPI) -> None:
    """Every error of the application in the one form."""
    log = structlog.get_logger("ccd.web")
    unanswered_at = -math.inf

    async def of_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if isinstance(error, Problem):
            return problem_response(
                error.status_code, error.detail, error.headers, error.more, error.because, error.facts
            )
        return problem_response(error.status_code, str(error.detail), error.headers)

    async def of_input(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        said = [{"where": ".".join(map(str, one["loc"])), "problem": one["msg"]} for one in error.errors()]
        detail = "; ".join(f"{one['where']}: {one['problem']}" for one in said)
        fields = list(dict.fromkeys(one["where"].split(".")[-1] for one in said))
        return problem_response(
            HTTPStatus.UNPROCESSABLE_ENTITY, detail, more={"errors": said}, because="invalid-fields",
            facts={"fields": fields},
        )  # fmt: skip

    async def of_rights(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, NotAllowedError)
        return problem_response(HTTPStatus.FORBIDDEN, str(error), because=error.because)

    async def of_who_is_gone(_: Request, error: Exception) -> JSONResponse:
        return problem_response(HTTPStatus.BAD_REQUEST, "The request ended before it was whole.")

    async def of_database(_: Request, error: Exception) -> JSONResponse:
        nonlocal unanswered_at
        before, unanswered_at = unanswered_at, time.monotonic()
        if unanswered_at - before >= INCIDENT_PAUSE_S:  # else it is the same incident, which every page asks about
            log.warning("the database did not answer a request", error=str(error))
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer; ask again.", RETRY_SOON)

    async def of_ledger(request: Request, error: Exception) -> JSONResponse:
        log.error("a request found the ledger broken", path=request.url.path, exc_info=error)
        detail = "The ledger is not as it was written; `ccd ledger verify` says where."
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, because="ledger-broken")

    async def of_driver(request: Request, error: Exception) -> JSONResponse:
        if is_no_answer(error):
            return await of_database(request, error)
        log.error("a request found a defect", path=request.url.path, exc_info=error)
        return await of_defect(request, error)

    async def of_defect(_: Request, error: Exception) -> JSONResponse:
        # Starlette raises it again after the answer, and the server logs it with where it came from.
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, "This is a defect of ccd; its log says more.")

    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_input)
    app.add_exception_handler(NotAllowedError, of_rights)
    app.add_exception_handler(ClientDisconnect, of_who_is_gone)
    app.add_exception_handler(DatabaseBusyError, of_database)
    app.add_exception_handler(LedgerBrokenError, of_ledger)
    for driver_error in DRIVER_ERRORS:
        app.add_exception_handler(driver_error, of_driver)
    app.add_exception_handler(Exception, of_defect)


RETRY_SOON: Mapping[str, str] = {"Retry-After": "2"}
