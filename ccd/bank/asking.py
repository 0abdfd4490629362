"""Whoever asks for an act on accounts: who it is, from where, and when; and the record that is kept of it
(docs/time-bank.md 6)."""

from collections.abc import Mapping
from json import dumps, loads
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.errors import ActTakenError
from ccd.org.acts import FOR, Act, act_with_id, note_act
from ccd.org.people import Duty, Person, Role


class Asking(NamedTuple):
    """`act` is made before the turn at the database: a turn that is taken twice notes one act."""

    act: str
    person: Person
    address: str  # the machine, or the network address
    at: int  # microseconds since the epoch
    stead: str = ""  # of whom it is done for; of several with "and" between them

    @property
    def by(self) -> str:
        return self.person.name

    @property
    def signed(self) -> str:
        """As it is written down who did it: with in whose stead, where it is another's duty."""
        return f"{self.by}{FOR}{self.stead}" if self.stead else self.by

    def under(self, *duties: Duty | None) -> "Asking":
        """As it is done under all of these duties: in the stead of everybody else whose one of them is."""
        steads = {duty.deputy_for for duty in duties if duty} - {""}
        return self._replace(stead=" and ".join(sorted(steads)))

    def noted(
        self, connection: Connection, kind: str, subject: str, after: Mapping[str, object], why: str, before: str = ""
    ) -> None:
        """In the transaction of what it says."""
        note_act(connection, self.as_act(kind, subject, after, why, before))

    def did(self, connection: Connection, kind: str, subject: str, **after: object) -> bool:
        """Whether it was noted before, of a turn whose answer was lost. ActTakenError where another act has its name:
        what is asked for was not done."""
        known = act_with_id(connection, self.act)
        if known is None:
            return False
        if (known.kind, known.subject) != (kind, subject) or not after.items() <= loads(known.after).items():
            raise ActTakenError(self.act)
        return True

    def as_act(self, kind: str, subject: str, after: Mapping[str, object], why: str, before: str = "") -> Act:
        said = dumps(after, ensure_ascii=False, separators=(",", ":"))
        return Act(self.act, self.at, self.signed, self.address, kind, subject, before, said, why)


def by_itself(name: str) -> Person:
    """What is done by itself, when its time has come: nobody's account is its own."""
    return Person(name, Role.SUPERVISOR, operates=True)
