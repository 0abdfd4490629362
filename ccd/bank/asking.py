"""Whoever asks for an act on accounts: who it is, from where, and when; and the record that is kept of it
(docs/time-bank.md 6)."""

from collections.abc import Mapping
from json import dumps
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.org.acts import FOR, READINGS, Act, note
from ccd.org.people import Duty, Person, Role
from ccd.org.rights import audits
from ccd.sql.turns import Patience, take_turn_at_once

BY_RULE = "by rule"


class Asking(NamedTuple):
    """`act` is made before the turn at the database: a turn that is taken twice notes one act."""

    act: str
    person: Person
    address: str  # the machine, or the network address
    at: int  # microseconds since the epoch
    stead: str = ""  # of the person for whom it is done

    @property
    def by(self) -> str:
        return self.person.name

    def under(self, duty: Duty | None) -> "Asking":
        """As it is done under a duty: in somebody's stead, where that is another's."""
        return self._replace(stead=duty.deputy_for) if duty else self

    def noted(
        self, connection: Connection, kind: str, subject: str, after: Mapping[str, object], why: str, before: str = ""
    ) -> None:
        """In the transaction of what it says."""
        note(connection, self.as_act(kind, subject, after, why, before))

    def as_act(self, kind: str, subject: str, after: Mapping[str, object], why: str, before: str = "") -> Act:
        said = dumps(after, ensure_ascii=False, separators=(",", ":"))
        by = f"{self.by}{FOR}{self.stead}" if self.stead else self.by
        return Act(self.act, self.at, by, self.address, kind, subject, before, said, why or BY_RULE)


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
