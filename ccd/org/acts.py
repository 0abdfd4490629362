"""What people did: who, when, from where, what, and why (docs/time-bank.md 6). Append-only: an act is never unsaid.

An act stands in the same transaction as what it changes, so that neither is there without the other.
"""

from collections.abc import Collection, Iterator
from json import dumps
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Index,
    Table,
    Text,
    insert,
    or_,
    select,
)

from ccd.errors import ActTakenError
from ccd.sql.metadata import Exact, RowNumber, metadata

FOR = ", for "  # between who acted and in whose stead
AFTER_FOR = f"{FOR[:-1]}!"  # what comes right behind all that begin so
READINGS = "read "  # how the kinds of acts begin that change nothing: somebody looked at what is another's

acts = Table(
    "acts",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Exact, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("by", Exact, nullable=False),
    Column("address", Text, nullable=False),
    Column("kind", Exact, nullable=False),
    Column("subject", Exact, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("why <> ''", name="says_why"),
    Index("ix_acts_subject", "subject", "number"),
    Index("ix_acts_by", "by", "number"),
)


class Act(NamedTuple):
    """`id` is made by whoever asks, before the turn at the database: a turn that is taken twice notes one act."""

    id: str
    at: int  # µs
    by: str
    address: str  # the machine, or the network address, from which it was asked for
    kind: str  # as `import roster`
    subject: str  # on what: of an account the agent, of a unit its key
    before: str  # what it was, in words or as JSON; "" where there was nothing
    after: str
    why: str


def note_act(connection: Connection, act: Act) -> None:
    """ActTakenError where another act has its name. Whoever asks again for the same has looked for it before; where it
    was noted since, by who asked at the same time, the turn fails in passing, and finds it when it is taken again."""
    known = act_with_id(connection, act.id)
    if known is not None and (known.kind, known.subject, known.after) != (act.kind, act.subject, act.after):
        raise ActTakenError(act.id)
    connection.execute(insert(acts).values(**act._asdict()))


def is_noted(connection: Connection, act: str) -> bool:
    return connection.scalar(select(acts.c.id).where(acts.c.id == act)) is not None


def is_begun(connection: Connection, act: str) -> bool:
    """Whether the act is noted, or a part of it: parts have a stroke and a name of their own behind the whole's."""
    parts = (acts.c.id >= f"{act}/") & (acts.c.id < f"{act}0")  # "0" is what comes after a stroke
    return connection.scalar(select(acts.c.id).where((acts.c.id == act) | parts).limit(1)) is not None


def noted(connection: Connection, kind: str | None, subject: str | None, last: int) -> Iterator[Act]:
    """The last acts, the newest first; of one kind, or on one subject alone."""
    wanted = select(*(acts.c[name] for name in Act._fields)).order_by(acts.c.number.desc()).limit(last)
    if kind is not None:
        wanted = wanted.where(acts.c.kind == kind)
    if subject is not None:
        wanted = wanted.where(acts.c.subject == subject)
    for row in connection.execute(wanted):
        yield Act(*row)


def act_with_id(connection: Connection, act: str) -> Act | None:
    row = connection.execute(select(*(acts.c[column] for column in Act._fields)).where(acts.c.id == act)).one_or_none()
    return None if row is None else Act(*row)


def done_by(names: Collection[str]) -> ColumnElement[bool]:
    """By one of these people, also in somebody's stead; as an index finds it."""
    own = acts.c.by
    steads = ((own >= f"{name}{FOR}") & (own < f"{name}{AFTER_FOR}") for name in names)
    return or_(own.in_(list(names)), *steads)


def concerning(connection: Connection, word: str, name: str, subjects: Collection[str]) -> Iterator[Act]:
    """The acts on these that say, in what there was `after` them, that this is what they are about:
    `"packet":"spring-fair"`. In their order."""
    said = acts.c.subject.in_(subjects) & acts.c.after.contains(
        f'"{word}":{dumps(name, ensure_ascii=False)}', autoescape=True
    )
    for row in connection.execute(
        select(*(acts.c[column] for column in Act._fields)).where(said).order_by(acts.c.number)
    ):
        yield Act(*row)
