"""An auditor reads everything, and that is logged, and writes nothing (docs/time-bank.md 6).

It is seen to in one place, before any route: so that none can be forgotten, nothing is read of which the record could
not be kept, and nothing is written whatever a route may think.
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import uuid4

from fastapi import Request
from sqlalchemy import Connection

from ccd.bank.looked_at import of_whom
from ccd.org.acts import READINGS, Act, note_act
from ccd.org.rights import audits, only_audits
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web.client import address_of
from ccd.web.problems import Problem
from ccd.web.session_api import Token
from ccd.web.sessions import Sessions

OWN = ("/api/me", "/api/session", "/api/site")
OF_ANYBODY = ("/api/attendance/",)  # there whoever reads is noted, also systems with a key


def watched(sessions: Sessions, now: Callable[[], int]) -> Callable[..., Awaitable[None]]:
    """What each route depends on. `now` in µs since the epoch."""

    async def watch(request: Request, token: Token = None) -> None:
        path = request.scope["path"]
        if not path.startswith("/api/") or path.startswith(OWN):
            return
        session = await sessions.of_token(token)
        if session is None:  # that is for the route to say
            return
        person = session.person
        if request.method != "GET":
            if only_audits(person):
                detail = f"{person.name} is an auditor, who reads and writes nothing."
                raise Problem(HTTPStatus.FORBIDDEN, detail, because="auditor-reads")
            return
        if audits(person) and not path.startswith(OF_ANYBODY):
            address = address_of(request)
            said = {**request.path_params, **request.query_params}
            kind = READINGS + _words(request.scope["route"].path)
            after = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
            act = Act(uuid4().hex, now(), person.name, address, kind, "", "", after, "as an auditor")
            await take_turn_at_once(sessions.engine, lambda plain: _note(plain, act, said), Patience())

    return watch


def _words(path: str) -> str:
    """Of `/api/strike-team/{unit}` the words that are always the same."""
    parts = path.removeprefix("/api/").split("/")
    return " ".join(part.partition(".")[0] for part in parts if not part.startswith("{"))


def _note(connection: Connection, act: Act, said: dict[str, str]) -> None:
    note_act(connection, act._replace(subject=of_whom(connection, said)))
