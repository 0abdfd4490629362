"""Who sits where, for who may say so: read, and put in place of what was there, under the number that was read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Body, Header, Query, Request, Response
from pydantic import BaseModel

from ccd.errors import ChangedMeanwhileError, FaultsError
from ccd.org.rights import may_import
from ccd.org.store import Kept
from ccd.web.contract import ProblemSaid
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

CSV = "text/csv; charset=utf-8"
NUMBER_DIGITS_MAX = 9
WHY_CHARACTERS_MAX = 1_000


class Importer(NamedTuple):
    """Who asks for an import, from where, and why."""

    by: str
    address: str
    why: str


class RosterChanges(NamedTuple):
    """What an import changes, or would: `number` is that of the import that holds then."""

    number: int
    lines: list[str]
    new: int
    changed: int
    gone: int
    since: str | None  # a moment with its zone, or "ever"
    measured_days: int


class RosterChangesSaid(BaseModel):
    number: int
    lines: list[str]
    new: int
    changed: int
    gone: int
    since: str | None
    measured_days: int


@dataclass(frozen=True, slots=True)
class RosterDesk:
    """`take` is given the text, the number of the import that it replaces (0: none), who asks, and whether it is only
    looked at. FaultsError, ChangedMeanwhileError: nothing was imported."""

    newest: Callable[[], Awaitable[Kept | None]]
    take: Callable[[str, int, Importer, bool], Awaitable[RosterChanges]]


def organisation_api(sessions: Sessions, rosters: RosterDesk) -> APIRouter:
    router = APIRouter(prefix="/api/organisation")
    problem: dict[str, Any] = {"model": ProblemSaid}
    found: dict[int | str, dict[str, Any]] = {
        HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        HTTPStatus.NOT_FOUND: problem,
    }
    refused: dict[int | str, dict[str, Any]] = {
        HTTPStatus.PRECONDITION_FAILED: problem,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problem,
        HTTPStatus.UNPROCESSABLE_ENTITY: problem,
        HTTPStatus.PRECONDITION_REQUIRED: problem,
    }

    @router.get("/roster", responses=found, response_class=Response)
    async def roster(token: Token = None) -> Response:
        """The roster that was imported last, to the last sign as it was. Its ETag is the number of the import."""
        may_import((await signed_in(sessions, token)).person)
        kept = await rosters.newest()
        if kept is None:
            raise Problem(HTTPStatus.NOT_FOUND, 'No roster was imported yet. The first one goes in place of "0".')
        headers = {"ETag": _tag(kept.number), "Cache-Control": "no-store"}
        return Response(kept.text.encode(), media_type=CSV, headers=headers)

    @router.put("/roster", responses=refused)
    async def put_roster(
        request: Request,
        response: Response,
        text: Annotated[bytes, Body(media_type="text/csv", examples=["agent,interface,member_name,unit\n"])],
        why: Annotated[str, Query(min_length=1, max_length=WHY_CHARACTERS_MAX, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")],
        if_match: Annotated[str | None, Header(description='The ETag of what was read, "0" where none was')] = None,
        dry_run: Annotated[bool, Query(description="Import nothing, and say what would change")] = False,
        token: Token = None,
    ) -> RosterChangesSaid:
        """Import a roster in place of the one that was read: all lines or, with every fault named, none.

        412: another one was imported meanwhile. 422: `errors` has each fault, with line and column. A roster of more
        than 64 KB is imported by `ccd import roster`.
        """
        person = (await signed_in(sessions, token)).person
        may_import(person)
        asked = Importer(person.name, request.client.host if request.client else "", why.strip())
        try:
            changed = await rosters.take(_decoded(text), _number(if_match), asked, dry_run)
        except ChangedMeanwhileError as error:
            raise Problem(HTTPStatus.PRECONDITION_FAILED, str(error), {"ETag": _tag(error.number)}) from None
        except FaultsError as error:
            errors = [{"line": one.line, "column": one.key, "problem": one.problem} for one in error.faults]
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), more={"errors": errors}) from None
        response.headers["ETag"] = _tag(changed.number)
        response.headers["Cache-Control"] = "no-store"
        return RosterChangesSaid.model_validate(changed._asdict())

    return router


def _tag(number: int) -> str:
    return f'"{number}"'


def _number(tag: str | None) -> int:
    if tag is None:
        detail = "If-Match: the ETag of the roster that was read is needed, so that nobody's import is lost."
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, detail)
    number = tag.strip().removeprefix('"').removesuffix('"')
    if not (number.isascii() and number.isdecimal() and len(number) <= NUMBER_DIGITS_MAX):
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "If-Match: one ETag, as it was read, is allowed.")
    return int(number)


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        detail = f"The roster is not UTF-8 (byte {error.start})."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, more={"errors": []}) from None
