"""What attendance systems are told by themselves (docs/time-bank.md 3.5), and how far each of them has come.

An item stands in the transaction that makes the fact, is never changed, and has a number; each hook is told them in the
order of their numbers, and stands at the last that it has taken. Items are numbered in the order in which they are
committed: whoever adds some keeps others from it until then, so nothing else is locked after it.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    Table,
    Text,
    and_,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.days import SECOND
from ccd.sql.locks import wait_for_others
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import insert_rows

DIGITS = 32  # of a digest: enough that no two items ever have the same


class OutboxKind(StrEnum):
    MONTH = "attendance.month"  # what attendance is given of an agent's month, and its corrections
    CLOSED = "attendance.closed"  # that all agents of a month are told
    LEFT = "attendance.left"  # what was left of a leaver's balance
    DAY = "attendance.day"  # an agent's day, measured anew after that


class OutboxItem(NamedTuple):
    """`subject` names the fact, and its number where there are several of it: no two items of a kind have the same."""

    kind: OutboxKind
    subject: str
    at: int  # µs
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """By which whoever is told it twice knows it."""
        return f"ccd_{sha256(f'{self.kind} {self.subject}'.encode()).hexdigest()[:DIGITS]}"

    @property
    def body(self) -> str:
        said = datetime.fromtimestamp(self.at // SECOND, UTC).isoformat().replace("+00:00", "Z")
        body = {"type": self.kind.value, "timestamp": said, "data": self.data}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


class Delivery(NamedTuple):
    """An item as it is sent."""

    number: int
    id: str
    body: str


class HookStand(NamedTuple):
    """Where a hook stands: the number of the last item that it has taken, how often the next was tried, since when, and
    when it is tried again (µs); `stopped` says why it is not, and `error` what became of the last try."""

    name: str
    taken: int
    tries: int
    trying_since: int | None
    next_at: int
    stopped: str
    error: str


outbox = Table(
    "outbox",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Exact, nullable=False, unique=True),
    Column("kind", Exact, nullable=False),
    Column("subject", Exact, nullable=False),
    Column("body", Text, nullable=False),  # to the last sign as it is signed and sent
    Column("made_at", BigInteger, nullable=False),  # microseconds since the epoch
)
webhooks = Table(
    "webhooks",
    metadata,
    Column("name", Exact, primary_key=True),
    Column("taken", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("trying_since", BigInteger),
    Column("next_at", BigInteger, nullable=False),
    Column("stopped", Text, nullable=False),
    Column("error", Text, nullable=False),
    CheckConstraint("taken >= 0 AND tries >= 0", name="counts_from_0"),
)


def tell(connection: Connection, items: Iterable[OutboxItem]) -> None:
    """The last thing in the transaction that makes them facts."""
    rows = [(item.id, item.kind.value, item.subject, item.body, item.at) for item in items]
    if rows:
        wait_for_others(connection, outbox)
        insert_rows(connection, outbox, ("id", "kind", "subject", "body", "made_at"), rows)


# --- how far each hook has come --------------------------------------------------------------------------------------


async def begin_hooks(connection: AsyncConnection, names: Collection[str]) -> None:
    """A hook that is new is told what happens from now on."""
    newest = await connection.scalar(select(func.coalesce(func.max(outbox.c.number), 0)))
    known = set(await connection.scalars(select(webhooks.c.name)))
    for name in sorted(set(names) - known):
        row = HookStand(name, newest or 0, 0, None, 0, "", "")
        await connection.execute(insert(webhooks).values(row._asdict()))


async def stands(connection: AsyncConnection) -> list[HookStand]:
    return [HookStand(*row) for row in await connection.execute(select(webhooks).order_by(webhooks.c.name))]


async def waiting(connection: AsyncConnection, taken: int, kinds: Collection[str]) -> int:
    """How many items there are behind one."""
    behind = and_(outbox.c.number > taken, outbox.c.kind.in_(kinds))
    return await connection.scalar(select(func.count()).where(behind)) or 0


async def due(
    connection: AsyncConnection, name: str, kinds: Collection[str], now: int
) -> tuple[HookStand, Delivery] | None:
    """The item that a hook is to be told now, µs."""
    stand = (await connection.execute(select(webhooks).where(webhooks.c.name == name))).one_or_none()
    if stand is None or stand.stopped or stand.next_at > now:
        return None
    behind = and_(outbox.c.number > stand.taken, outbox.c.kind.in_(kinds))
    wanted = select(outbox.c.number, outbox.c.id, outbox.c.body).where(behind).order_by(outbox.c.number).limit(1)
    item = (await connection.execute(wanted)).one_or_none()
    return None if item is None else (HookStand(*stand), Delivery(*item))


async def claim(connection: AsyncConnection, stand: HookStand, now: int, until: int) -> HookStand | None:
    """Nobody else tries it before `until`, µs, whatever becomes of us; as it then stands. None: somebody was first."""
    since = now if stand.trying_since is None else stand.trying_since
    claimed = stand._replace(tries=stand.tries + 1, trying_since=since, next_at=until)
    row = {"tries": claimed.tries, "trying_since": since, "next_at": until}
    free = and_(_trying_as(stand), _at_try(stand), webhooks.c.next_at <= now, webhooks.c.stopped == "")
    found = await connection.execute(update(webhooks).where(free).values(row))
    return claimed if found.rowcount == 1 else None


async def took(connection: AsyncConnection, claimed: HookStand, number: int) -> None:
    """The hook has taken the item, whoever else tries it; unless somebody has said since from where it goes on."""
    row = {"taken": number, "tries": 0, "trying_since": None, "next_at": 0, "error": ""}
    await connection.execute(update(webhooks).where(_trying_as(claimed)).values(row))


async def failed(connection: AsyncConnection, claimed: HookStand, next_at: int, error: str, stopped: str = "") -> None:
    """Of the item that it was to be told; `stopped`: nothing is tried any more until somebody asks for it."""
    values = {"next_at": next_at, "error": error, "stopped": stopped}
    same = and_(_trying_as(claimed), _at_try(claimed))
    await connection.execute(update(webhooks).where(same).values(values))


def go_on(connection: Connection, name: str, number: int | None) -> int | None:
    """A hook is tried at once, from item `number` on, or where it stands; behind which it does. None: there is none."""
    taken = connection.scalar(select(webhooks.c.taken).where(_of(name)))
    if taken is None:
        return None
    taken = taken if number is None else number - 1
    row = {"taken": taken, "tries": 0, "trying_since": None, "next_at": 0, "stopped": "", "error": ""}
    connection.execute(update(webhooks).where(_of(name)).values(row))
    return int(taken)


def _of(name: str) -> Any:
    return webhooks.c.name == name


def _trying_as(stand: HookStand) -> Any:
    """Tries the same item since the same instant: who says from where it goes on ends that, be it at the same item."""
    since = webhooks.c.trying_since.is_not_distinct_from(stand.trying_since)
    return and_(_of(stand.name), webhooks.c.taken == stand.taken, since)


def _at_try(stand: HookStand) -> Any:
    return webhooks.c.tries == stand.tries
