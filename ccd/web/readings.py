"""An auditor reads everything, and that is logged, and writes nothing (docs/time-bank.md 6).

It is seen to in one place, before any route: so that none can be forgotten, nothing is read of which the record could
not be kept, and nothing is written whatever a route may think.
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import uuid4

from fastapi import Request
from sqlalchemy import Connection, or_, select

from ccd.bank.accounts import owning_agent
from ccd.ledger.schema import accounts, entries, owners
from ccd.org.acts import READINGS, Act, note
from ccd.org.people import ALL_UNITS
from ccd.org.rights import audits, only_audits
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web.problems import Problem
from ccd.web.session_api import Token
from ccd.web.sessions import Sessions

OWN = ("/api/me", "/api/session", "/api/site")
OF_ANYBODY = ("/api/attendance/",)  # there whoever reads is noted, also systems with a key
NUMBERS = 18  # digits of a transaction's number, at most


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
                raise Problem(HTTPStatus.FORBIDDEN, f"{person.name} is an auditor, who reads and writes nothing.")
            return
        if audits(person) and not path.startswith(OF_ANYBODY):
            address = request.client.host if request.client else ""
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
    note(connection, act._replace(subject=_of_whom(connection, said)))


def _of_whom(connection: Connection, said: dict[str, str]) -> str:
    """The agent or the unit that is asked for, or whose account a transfer moved; else it is of all."""
    if "transfer" in said:
        return _moved(connection, said["transfer"])
    named = (said.get(word, "") for word in ("agent", "unit"))
    return next((name for name in named if name and "\0" not in name), ALL_UNITS)


def _moved(connection: Connection, transfer: str) -> str:
    """Empty where it is nobody's."""
    number, _, leg = transfer.partition(".")
    if not all(part.isascii() and part.isdecimal() and len(part) <= NUMBERS for part in (number, leg)):
        return ""
    found = connection.scalars(
        select(owners.c.name)
        .join_from(entries, accounts, or_(accounts.c.id == entries.c.debit, accounts.c.id == entries.c.credit))
        .join(owners)
        .where(entries.c.transaction_id == int(number), entries.c.leg == int(leg))
    )
    return next(filter(None, map(owning_agent, found)), "")
