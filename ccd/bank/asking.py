"""Whoever asks for an act on accounts: who it is, from where, and when; and the record that is kept of it
(docs/time-bank.md 6)."""

from collections.abc import Mapping
from json import dumps
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.org.acts import Act, note
from ccd.org.people import Person, Role

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


def rule(name: str) -> Person:
    """What is done by itself, when its time has come: nobody's account is its own."""
    return Person(name, Role.SUPERVISOR, operates=True)
