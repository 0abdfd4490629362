"""Changes that concern what days are judged by: proposed by one person with their effect, agreed to by another
(docs/time-bank.md 6). Append-only: each with the act that it is, and once with the act that decided it."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Table,
    Text,
    func,
    insert,
    select,
)

from ccd.org.acts import acts
from ccd.org.store import PEOPLE, ROSTER
from ccd.sql.metadata import Exact, RowNumber, metadata

POLICY = "policy"
RULE = "rule"  # a reason, a queue, the floor: what days are judged by beside policies
IMPORTED = (ROSTER, PEOPLE)  # whose text is that of a file
AGREED = "agreed"
WITHDRAWN = "withdrawn"
WAITING = "waiting"

proposed_changes = Table(
    "proposed_changes",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
    Column("kind", Exact, nullable=False),
    Column("subject", Exact, nullable=False),  # a unit; a table; of a file the import that it is in place of
    Column("text", Text, nullable=False),
    Column("digest", Exact, nullable=False),
    Column("effect", Text, nullable=False),  # JSON
    CheckConstraint("kind IN ('policy', 'roster', 'rule', 'people')", name="known_kind"),
)

change_ends = Table(
    "change_ends",
    metadata,
    Column("change", BigInteger, ForeignKey(proposed_changes.c.number), primary_key=True, autoincrement=False),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
    Column("verdict", Exact, nullable=False),
    CheckConstraint("verdict IN ('agreed', 'withdrawn')", name="known_verdict"),
)

policy_readings = Table(
    "policy_readings",
    metadata,
    Column("change", BigInteger, ForeignKey(proposed_changes.c.number), primary_key=True, autoincrement=False),
    Column("agent", Exact, primary_key=True),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
)


class Proposed(NamedTuple):
    """What is proposed, by an act that is noted already."""

    act: str
    kind: str
    subject: str
    text: str
    effect: str


class Change(NamedTuple):
    """As it stands. `decided_by` is empty where it waits, and where nobody else was asked."""

    number: int
    act: str
    kind: str
    subject: str
    text: str
    digest: str
    effect: str
    by: str
    at: int  # µs
    why: str
    state: str
    decided_by: str
    decided_at: int | None  # µs
    end: str | None  # the act that decided it

    @property
    def by_itself(self) -> bool:
        """Agreed to in the moment in which it was proposed."""
        return self.end == self.act


def propose_change(connection: Connection, said: Proposed) -> int:
    """Its number."""
    row = said._asdict() | {"digest": sha256(said.text.encode()).hexdigest()}
    number: int = connection.execute(
        insert(proposed_changes).values(row).returning(proposed_changes.c.number)
    ).scalar_one()
    return number


def decide_change(connection: Connection, number: int, act: str, verdict: str) -> None:
    connection.execute(insert(change_ends).values(change=number, act=act, verdict=verdict))


def with_number(connection: Connection, number: int) -> Change | None:
    return next(_read(connection, proposed_changes.c.number == number), None)


def change_with_act(connection: Connection, act: str) -> Change | None:
    return next(_read(connection, proposed_changes.c.act == act), None)


def of_kind(connection: Connection, kind: str) -> list[Change]:
    """In the order in which they were decided; those that wait last, as they were proposed."""
    return list(_read(connection, proposed_changes.c.kind == kind))


def agreed_by_another(connection: Connection, *kinds: str) -> int:
    """How many of these kinds: it grows as soon as there is something to take over."""
    own, ended = proposed_changes.c, change_ends.c
    wanted = (
        select(func.count())
        .select_from(change_ends)
        .join(proposed_changes, own.number == ended.change)
        .where(own.kind.in_(kinds), ended.verdict == AGREED, ended.act != own.act)
    )
    return connection.scalar(wanted) or 0


def everything(connection: Connection) -> list[Change]:
    return list(_read(connection))


def note_policy_read(connection: Connection, number: int, agent: str, act: str) -> None:
    connection.execute(insert(policy_readings).values(change=number, agent=agent, act=act))


def readings(
    connection: Connection, *, change: int | None = None, agent: str | None = None
) -> dict[tuple[int, str], int]:
    """When who has read what, µs, by change and agent."""
    read = policy_readings.c
    wanted = select(read.change, read.agent, acts.c.at).join(acts, acts.c.id == read.act)
    if change is not None:
        wanted = wanted.where(read.change == change)
    if agent is not None:
        wanted = wanted.where(read.agent == agent)
    return {(row.change, row.agent): row.at for row in connection.execute(wanted)}


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[Change]:
    own, ended, decided = proposed_changes.c, change_ends.c, acts.alias("decided")
    wanted = (
        select(
            own.number, own.act, own.kind, own.subject, own.text, own.digest, own.effect,
            acts.c.by, acts.c.at, acts.c.why, ended.verdict, ended.act.label("end"),
            decided.c.by.label("decided_by"), decided.c.at.label("decided_at"),
        )
        .join(acts, acts.c.id == own.act)
        .outerjoin(change_ends, ended.change == own.number)
        .outerjoin(decided, decided.c.id == ended.act)
        .where(*conditions)
        .order_by(decided.c.number.is_(None), decided.c.number, own.number)
    )  # fmt: skip
    for row in connection.execute(wanted):
        yield Change(
            row.number, row.act, row.kind, row.subject, row.text, row.digest, row.effect, row.by, row.at, row.why,
            row.verdict or WAITING, "" if row.end == row.act else row.decided_by or "", row.decided_at, row.end,
        )  # fmt: skip
