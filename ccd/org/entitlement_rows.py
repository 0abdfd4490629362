"""Entitlements as they are kept: each with the act by which it was said, and no reason. Append-only."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    Table,
    and_,
    or_,
    select,
)

from ccd.floor.days import BusinessDay
from ccd.org.acts import acts
from ccd.org.entitlements import Entitled, Entitlement, entitlements_held_on
from ccd.sql.metadata import Exact, RowNumber, metadata

entitlements = Table(
    "entitlements",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("act", Exact, ForeignKey(acts.c.id), nullable=False, unique=True),
    Column("agent", Exact, nullable=False, index=True),
    Column("first_day", Date, nullable=False),
    Column("until_day", Date),
    Column("rate_ppm", Integer),
    Column("minimum_s", Integer),
    CheckConstraint("until_day > first_day", name="ends_after_it_starts"),
    CheckConstraint("rate_ppm > 0 AND rate_ppm <= 1000000", name="is_a_part_of_time"),
    CheckConstraint("minimum_s > 0", name="is_some_time"),
)

COLUMNS = ("act", "agent", "first_day", "until_day", "rate_ppm", "minimum_s")


def add_entitlement(connection: Connection, one: Entitled) -> None:
    """With a number of its own; its act is noted already."""
    rate_ppm, minimum_s = one.entitlement or (None, None)
    connection.execute(
        entitlements.insert().values(
            act=one.act, agent=one.agent, first_day=one.first, until_day=one.until, rate_ppm=rate_ppm,
            minimum_s=minimum_s,
        )
    )  # fmt: skip


def entitlement_with_act(connection: Connection, act: str) -> Entitled | None:
    return next(iter(_read(connection, entitlements.c.act == act)), None)


def entitlements_of(connection: Connection, agent: str) -> list[Entitled]:
    """All that was ever said of an agent, in its order."""
    return _read(connection, entitlements.c.agent == agent)


def entitled_on(connection: Connection, day: BusinessDay) -> dict[str, Entitlement]:
    """By agent: in one question for all of a day."""
    own = entitlements.c
    return entitlements_held_on(
        day.day,
        _read(connection, and_(own.first_day <= day.day, or_(own.until_day.is_(None), own.until_day > day.day))),
    )


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Entitled]:
    wanted = select(entitlements.c.number, *(entitlements.c[name] for name in COLUMNS)).where(*conditions)
    found = []
    for number, act, agent, first, until, rate_ppm, minimum_s in connection.execute(
        wanted.order_by(entitlements.c.number)
    ):
        entitlement = None if rate_ppm is None and minimum_s is None else Entitlement(rate_ppm, minimum_s)
        found.append(Entitled(number, act, agent, first, until, entitlement))
    return found
