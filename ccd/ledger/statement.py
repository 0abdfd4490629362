"""An owner's statement, read from the entries: each line with the balances after it.

A page is asked for all day long, so its queries are made once: making one costs several times what asking it does.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Date, Select, Text, and_, bindparam, func, or_, select, union, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.model import ALL, Account, Movement, Statement, StatementLine, Wanted
from ccd.ledger.schema import SIDES, accounts, balances, blocks, entries, owners, transactions
from ccd.ledger.sound import sound_rows

transaction_id = entries.c.transaction_id
OWN = bindparam("own", type_=BigInteger, expanding=True)
NUMBERS = bindparam("numbers", type_=BigInteger, expanding=True)

# Transactions are asked when they were recorded where their block does not say it already.
RECORDED_FROM = bindparam("recorded_from", type_=BigInteger)
RECORDED_TO = bindparam("recorded_to", type_=BigInteger)
SEALED = select(func.coalesce(func.max(blocks.c.up_to), 0)).scalar_subquery()
BLOCKS_BEFORE = func.coalesce(
    select(func.min(blocks.c.after)).where(blocks.c.latest >= RECORDED_FROM).scalar_subquery(), SEALED
)
BLOCKS_UP_TO = (
    select(func.coalesce(func.max(blocks.c.up_to), 0))
    .where(blocks.c.earliest < RECORDED_TO, blocks.c.up_to > blocks.c.after)
    .scalar_subquery()
)

# What a line may have to fulfil, by what is asked for: a cursor, and the fields of Wanted.
CONDITIONS = {
    "before": transaction_id < bindparam("before", type_=BigInteger),
    "after": transaction_id > bindparam("after", type_=BigInteger),
    "services": entries.c.service.in_(bindparam("services", type_=Text, expanding=True)),
    "day_from": entries.c.day >= bindparam("day_from", type_=Date),
    "day_to": entries.c.day <= bindparam("day_to", type_=Date),
    "recorded_from": and_(transactions.c.recorded_at >= RECORDED_FROM, transaction_id > BLOCKS_BEFORE),
    "recorded_to": and_(
        transactions.c.recorded_at < RECORDED_TO,
        or_(transaction_id <= BLOCKS_UP_TO, transaction_id > SEALED),
    ),
}
OF_TRANSACTIONS = {"recorded_from", "recorded_to"}

GUARDED = (
    select(accounts.c.id, accounts.c.kind, balances.c.seconds)
    .join(owners, accounts.c.owner_id == owners.c.id)
    .join(balances, balances.c.account_id == accounts.c.id)
    .where(owners.c.name == bindparam("owner", type_=Text))
    .order_by(accounts.c.id)
)
LATER = union_all(
    *(
        select(side.label("own"), (sign * func.sum(entries.c.seconds)).label("seconds"))
        .where(side.in_(OWN), transaction_id > bindparam("newest", type_=BigInteger))
        .group_by(side)
        for side, _, sign in SIDES
    )
)
BETWEEN = union_all(
    *(
        select(transaction_id, side.label("own"), (sign * entries.c.seconds).label("seconds")).where(
            side.in_(OWN),
            transaction_id.between(bindparam("oldest", type_=BigInteger), bindparam("newest", type_=BigInteger)),
        )
        for side, _, sign in SIDES
    )
)
LEGS = union_all(
    *(
        select(
            transaction_id, entries.c.leg, entries.c.day, entries.c.service, side.label("own"), owners.c.name,
            accounts.c.kind, (sign * entries.c.seconds).label("seconds"), transactions.c.key, transactions.c.revision,
            transactions.c.recorded_at, transactions.c.asked_by, transactions.c.reference, transactions.c.text,
            transactions.c.facts,
        )
        .join(accounts, other == accounts.c.id)
        .join(owners, accounts.c.owner_id == owners.c.id)
        .join(transactions, transactions.c.id == transaction_id)
        .where(side.in_(OWN), transaction_id.in_(NUMBERS))
        for side, other, sign in SIDES
    )
)  # fmt: skip


class LinesAsked(NamedTuple):
    """Which lines: the newest `limit`, or those next to a cursor (a transaction's number) on either side."""

    limit: int
    before: int | None = None
    after: int | None = None

    @property
    def forward(self) -> bool:
        return self.after is not None and self.before is None


class GuardedAccount(NamedTuple):
    """A guarded account of the owner's, and its balance now."""

    kind: str
    seconds: int


class Legs(NamedTuple):
    """A transaction's legs on the own accounts; `row` is one of theirs with what all of them share."""

    row: Any
    movements: list[Movement]


async def statement_of(connection: AsyncConnection, owner: str, page: LinesAsked, wanted: Wanted = ALL) -> Statement:
    """Transactions that moved a guarded account of the owner, newest first, as far as they are wanted."""
    own = {
        row.id: GuardedAccount(row.kind, row.seconds) for row in await sound_rows(connection, GUARDED, {"owner": owner})
    }
    found = await _numbers(connection, own, page._replace(limit=page.limit + 1), wanted)
    if not found:
        return Statement((), None, None)
    more = len(found) > page.limit
    numbers = (found[-page.limit :] if page.forward else found[: page.limit]) if more else found
    newest, oldest = numbers[0], numbers[-1]
    legs = await _legs(connection, own, numbers)
    after = {account.kind: account.seconds for account in own.values()}
    if wanted == ALL:
        moved = {number: [(move.kind, move.seconds) for move in legs[number].movements] for number in numbers}
    else:
        moved = await _between(connection, own, oldest, newest)
    if wanted != ALL or page != LinesAsked(page.limit):  # the newest of all lines: nothing came later
        for row in await sound_rows(connection, LATER, {"own": list(own), "newest": newest}):
            after[own[row.own].kind] -= int(row.seconds)
    lines = []
    for number in sorted(moved, reverse=True):
        if number in legs:
            lines.append(_line(number, legs[number], dict(after)))
        for kind, seconds in moved[number]:
            after[kind] -= seconds
    older, newer = more, more
    if page.after is not None:
        older = bool(await _numbers(connection, own, LinesAsked(1, before=oldest), wanted))
    if not page.forward:
        newer = page.before is not None and bool(await _numbers(connection, own, LinesAsked(1, after=newest), wanted))
    return Statement(tuple(lines), oldest if older else None, newest if newer else None)


async def _numbers(
    connection: AsyncConnection, own: Mapping[int, GuardedAccount], page: LinesAsked, wanted: Wanted
) -> list[int]:
    """Of the page's transactions, newest first."""
    chosen = [number for number, account in own.items() if not wanted.kinds or account.kind in wanted.kinds]
    if not chosen:
        return []
    asked = {"before": page.before, "after": page.after, **wanted._asdict(), "kinds": None}
    values = {name: value for name, value in asked.items() if value not in (None, ())}
    query = _numbers_query(len(chosen), page.forward, frozenset(values))
    mine = {f"own_{place}": number for place, number in enumerate(chosen)}
    rows = await sound_rows(connection, query, {**mine, **values, "limit": page.limit})
    return sorted((row.number for row in rows), reverse=True)


@lru_cache(maxsize=256)
def _numbers_query(count: int, forward: bool, conditions: frozenset[str]) -> Select[tuple[int]]:
    """Each account's sides are cut to the page before they are merged."""
    limit = bindparam("limit", type_=BigInteger)
    found = []
    for place in range(count):
        for side, _, _ in SIDES:
            query = (
                select(transaction_id.label("number"))
                .where(side == bindparam(f"own_{place}", type_=BigInteger))
                .distinct()
            )
            if conditions & OF_TRANSACTIONS:
                query = query.join(transactions, transactions.c.id == transaction_id)
            query = query.where(*(CONDITIONS[name] for name in sorted(conditions)))
            found.append(
                select(query.order_by(transaction_id if forward else transaction_id.desc()).limit(limit).subquery())
            )
    merged = union(*found).subquery().c.number
    return select(merged).order_by(merged if forward else merged.desc()).limit(limit)


async def _legs(connection: AsyncConnection, own: Mapping[int, GuardedAccount], numbers: list[int]) -> dict[int, Legs]:
    found: dict[int, Legs] = {}
    for row in await sound_rows(connection, LEGS, {"own": list(own), "numbers": numbers}):
        movement = Movement(row.leg, own[row.own].kind, Account(row.name, row.kind), row.seconds, row.service)
        found.setdefault(row.transaction_id, Legs(row, [])).movements.append(movement)
    for legs in found.values():
        legs.movements.sort(key=lambda movement: movement.leg)
    return found


async def _between(
    connection: AsyncConnection, own: Mapping[int, GuardedAccount], oldest: int, newest: int
) -> dict[int, list[tuple[str, int]]]:
    """What each transaction moved on the own accounts, whether it is wanted or not."""
    found = defaultdict(list)
    values = {"own": list(own), "oldest": oldest, "newest": newest}
    for row in await sound_rows(connection, BETWEEN, values):
        found[row.transaction_id].append((own[row.own].kind, row.seconds))
    return found


def _line(number: int, legs: Legs, after: dict[str, int]) -> StatementLine:
    row = legs.row
    return StatementLine(
        transaction=number,
        key=row.key,
        revision=row.revision,
        day=row.day,
        recorded_at=row.recorded_at,
        asked_by=row.asked_by,
        reference=row.reference,
        text=row.text,
        facts=row.facts,
        movements=tuple(legs.movements),
        after=after,
    )
