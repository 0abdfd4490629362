"""Signing in and out."""

import math
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Cookie, Request, Response

from ccd.errors import DatabaseBusyError
from ccd.org.people import Session
from ccd.web.accounts import Accounts
from ccd.web.backoff import BackOff
from ccd.web.client import address_of
from ccd.web.contract import Login, ProblemSaid, SignedIn
from ccd.web.problems import Problem, problem_response
from ccd.web.sessions import Sessions, session_key

COOKIE = "ccd_session"
Token = Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)]


async def signed_in(sessions: Sessions, token: str | None) -> Session:
    """Whose the request is; 401 for nobody's."""
    session = await sessions.of_token(token)
    if session is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Sign in first.")
    return session


def check_waited(wait_s: float) -> None:
    """429 where there is anything left to wait."""
    if wait_s > 0:
        headers = {"Retry-After": str(math.ceil(wait_s))}
        detail = f"Too many wrong passwords; try again in {math.ceil(wait_s)} s."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers, {"retry_after_s": math.ceil(wait_s)})


def session_api(
    accounts: Accounts,
    sessions: Sessions,
    back_off: BackOff,
    clock: Callable[[], float],
    turn_out: Callable[[Collection[str]], None],
    units_of: Callable[[Session], list[str]],
    leads: Callable[[Session], list[str]],
) -> APIRouter:
    router = APIRouter(prefix="/api/session")
    said_as_problem = {"model": ProblemSaid}
    log = structlog.get_logger("ccd.web.sessions")

    def said(session: Session) -> SignedIn:
        person = session.person
        return SignedIn(
            name=person.name, role=person.role.value, agent=person.agent, units=units_of(session), leads=leads(session)
        )

    @router.post("", responses={HTTPStatus.TOO_MANY_REQUESTS: said_as_problem})
    async def sign_in(login: Login, request: Request, response: Response, token: Token = None) -> SignedIn:
        """Sets the cookie `ccd_session`, and ends the session of the one before it.

        401: wrong; 429: too many wrong ones, with `retry_after_s`.
        """
        address = address_of(request)
        check_waited(back_off.attempt(login.name, address, clock()))
        person = await accounts.with_password(login.name, login.password)
        if person is None:
            log.info("wrong name or password", address=address)
            raise Problem(HTTPStatus.UNAUTHORIZED, "Wrong name or password.", because="wrong-password")
        back_off.was_right(login.name, address)
        if token:
            turn_out({session_key(token)})
            await sessions.end(token)
        token, session = await sessions.begin(person)
        response.set_cookie(
            COOKIE, token, max_age=int(session.until - clock()), path="/", httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return said(session)

    @router.get("")
    async def who_am_i(token: Token = None) -> SignedIn:
        return said(await signed_in(sessions, token))

    @router.delete("", status_code=HTTPStatus.NO_CONTENT, responses={HTTPStatus.SERVICE_UNAVAILABLE: said_as_problem})
    async def sign_out(token: Token = None) -> Response:
        """Ends the session, and the live connections that came with it. The browser forgets it even where the database
        is away (503): then it ends by itself with its time."""
        answer = Response(status_code=HTTPStatus.NO_CONTENT)
        if token:
            turn_out({session_key(token)})
            try:
                await sessions.end(token)
            except DatabaseBusyError as error:
                log.warning("a session could not be ended; its browser has forgotten it", error=str(error))
                detail = "This browser is signed out; the session itself ends later, the database does not answer."
                answer = problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    return router
