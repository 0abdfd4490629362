"""Appeals as they are kept: each with the act that it is, and once with the act that ended it. Append-only."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    Table,
    Text,
    exists,
    func,
    select,
)

from ccd.bank.accounts import AGENT, LEAVE
from ccd.bank.appeals import Appeal, AppealState
from ccd.ledger.model import Transfer
from ccd.ledger.schema import SIDES, accounts, balances, entries, owners
from ccd.org.acts import acts
from ccd.org.ruling_rows import rulings
from ccd.sql.metadata import Exact, metadata
from ccd.sql.rows import among, insert_rows

appeals = Table(
    "appeals",
    metadata,
    Column("act", Exact, ForeignKey(acts.c.id), primary_key=True),
    Column("agent", Exact, nullable=False),
    Column("unit", Exact, nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("transaction_id", BigInteger, nullable=False),
    Column("leg", Integer, nullable=False),
)

appeal_ends = Table(
    "appeal_ends",
    metadata,
    Column("appeal", Exact, ForeignKey(appeals.c.act), primary_key=True),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False),
    Column("state", Text, nullable=False),
    Column("ruling", Exact, ForeignKey(rulings.c.act)),
    CheckConstraint("state IN ('upheld', 'rejected', 'withdrawn')", name="known_state"),
    CheckConstraint("(state = 'upheld') = (ruling IS NOT NULL)", name="is_upheld_with_a_ruling"),
)


def add_appeal(connection: Connection, appeal: Appeal) -> None:
    """Its act is noted already."""
    columns = ("act", "agent", "unit", "day", "transaction_id", "leg")
    insert_rows(connection, appeals, columns, [(*appeal[:4], *appeal.transfer)])


def end_appeal(connection: Connection, appeal: Appeal, act: str) -> None:
    """As it is now; by an act that is noted already, and a ruling that is made."""
    row = (appeal.ref, act, appeal.state.value, appeal.ruling)
    insert_rows(connection, appeal_ends, ("appeal", "act", "state", "ruling"), [row])


def appeal_with_ref(connection: Connection, ref: str) -> Appeal | None:
    return next(iter(_read(connection, appeals.c.act == ref)), None)


def reasons_of(connection: Connection, refs: Collection[str]) -> dict[str, str]:
    """By appeal, why it was lodged."""
    said = connection.execute(select(acts.c.id, acts.c.why).where(among(connection, acts.c.id, refs)))
    return {row.id: row.why for row in said}


def answers_to(connection: Connection, refs: Collection[str]) -> dict[str, str]:
    """By appeal that has ended, why it did."""
    own = appeal_ends.c
    wanted = select(own.appeal, acts.c.why).join(acts, acts.c.id == own.act).where(among(connection, own.appeal, refs))
    return {row.appeal: row.why for row in connection.execute(wanted)}


def appeal_ended_by(connection: Connection, ref: str) -> str | None:
    """The act."""
    act: str | None = connection.scalar(select(appeal_ends.c.act).where(appeal_ends.c.appeal == ref))
    return act


def decided_and_owing(connection: Connection) -> list[date]:
    """The days of appeals that have ended, however long ago, for which the appellant owes something still."""
    agents_owing = (
        select(accounts.c.id, owners.c.name)
        .join_from(balances, accounts, accounts.c.id == balances.c.account_id)
        .join(owners, owners.c.id == accounts.c.owner_id)
        .where(accounts.c.kind == LEAVE, balances.c.seconds > 0)
        .subquery()
    )
    less, more = (
        select(func.coalesce(func.sum(sign * entries.c.seconds), 0))
        .where(side == agents_owing.c.id, entries.c.day == appeals.c.day)
        .scalar_subquery()
        for side, _, sign in SIDES
    )
    ended = exists().where(appeal_ends.c.appeal == appeals.c.act)
    whose = agents_owing.c.name == AGENT + appeals.c.agent
    query = select(appeals.c.day).join(agents_owing, whose).where(ended, less + more > 0)
    return list(connection.scalars(query.distinct()))


def against(connection: Connection, agent: str, transfer: Transfer) -> list[Appeal]:
    number, leg = transfer
    same = (appeals.c.agent == agent, appeals.c.transaction_id == number, appeals.c.leg == leg)
    return _read(connection, *same)


def lodged(connection: Connection, first: date, last: date) -> list[Appeal]:
    """All against lines for days from `first` to `last`, by day and agent."""
    return _read(connection, appeals.c.day.between(first, last))


def open_appeals(
    connection: Connection, first: date, last: date, agents: Collection[str] | None = None
) -> list[Appeal]:
    """What is not decided of appeals against lines for days from `first` to `last`, of these agents or of all; by day
    and agent. What is under appeal waits: whoever closes a month names these, and neither offsets nor takes what of
    `appeal.agent` is owed for `appeal.day` until they are decided; an upheld one revises the day by its ruling, as any
    ruling does, in a closed month too. To be asked in the transaction in which it is acted on."""
    whose = () if agents is None else (among(connection, appeals.c.agent, agents),)
    return _read(connection, appeals.c.day.between(first, last), appeal_ends.c.act.is_(None), *whose)


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Appeal]:
    own, ended = appeals.c, appeal_ends.c
    wanted = (
        select(own.act, own.agent, own.unit, own.day, own.transaction_id, own.leg, ended.state, ended.ruling)
        .outerjoin(appeal_ends, ended.appeal == own.act)
        .where(*conditions)
        .order_by(own.day, own.agent, own.act)
    )
    return [
        Appeal(act, agent, unit, day, Transfer(number, leg), AppealState(state or AppealState.OPEN), ruling)
        for act, agent, unit, day, number, leg, state, ruling in connection.execute(wanted)
    ]
