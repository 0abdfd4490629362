"""Whoever asks for an act on accounts: who it is, from where, and when; and the record that is kept of it
(docs/time-bank.md 6)."""

from collections.abc import Mapping
from json import dumps
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.org.acts import READINGS, Act, note
from ccd.org.people import Person, Role
from ccd.org.rights import audits
from ccd.sql.turns import Patience, take_turn_at_once

BY_RULE = "by rule"


class Asking(NamedTuple):
    """`act` is made before the turn at the database: a turn that is taken twice notes one act."""

    act: str
    person: Person
    address: str  # the machine, or the network address
    at: int  # microseconds since the epoch

    @property
    def by(self) -> str:
        return self.person.name

    def noted(
        self, connection: Connection, kind: str, subject: str, after: Mapping[str, object], why: str, before: str = ""
    ) -> None:
        """In the transaction of what it says."""
        note(connection, self.as_act(kind, subject, after, why, before))

    def as_act(self, kind: str, subject: str, after: Mapping[str, object], why: str, before: str = "") -> Act:
        said = dumps(after, ensure_ascii=False, separators=(",", ":"))
        return Act(self.act, self.at, self.by, self.address, kind, subject, before, said, why or BY_RULE)


async def note_look(engine: AsyncEngine, asking: Asking, what: str, subject: str, said: Mapping[str, object]) -> None:
    """That an auditor looks at an account, at a prompt; over HTTP it is seen to before any route."""
    if audits(asking.person):
        why = "as an auditor"
        await take_turn_at_once(
            engine, lambda plain: asking.noted(plain, READINGS + what, subject, said, why), Patience()
        )


def rule(name: str) -> Person:
    """What is done by itself, when its time has come: nobody's account is its own."""
    return Person(name, Role.SUPERVISOR, operates=True)
