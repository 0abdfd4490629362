"""Orders are carried out, by the one process that follows the switches: whoever gave them, and from where.

Each is taken first, with the span of the switches' own time within which it will be done; then the switches are asked,
unless its time is over by then; then its end is written. A process that dies in between leaves one that was taken and
has no end: whoever follows the switches next ends it as one of which nobody knows, and asks nothing again.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.services.ordering import ANSWER_S_MAX, take_back
from ccd.daemon.site import Current
from ccd.daemon.switches.floors import Floors
from ccd.errors import NotAskedError, PbxError
from ccd.floor.days import SECOND
from ccd.floor.seats import Seat
from ccd.floor.spans import Span
from ccd.history.reading import reading
from ccd.history.unit_days import note_stale_of
from ccd.org import order_rows
from ccd.org.order_rows import End, Order
from ccd.org.orders import Answered, OrderAnswer, OrderKind, OrderOutcome, outcome_of
from ccd.org.shift_rows import SHIFT_US_MAX
from ccd.pbx.capture import Pbx
from ccd.pbx.control import POOL, Control
from ccd.sql.turns import Patience, take_turn, take_turn_at_once

LOOK_BACK_US = 3_600 * SECOND  # so old an order is none any more; those of a process that has died are looked for once
STAYS = (Answered.STATIC, Answered.DENIED, Answered.REFUSED)
LATE = "its time was over before the switch could be asked"
CALL_US_MAX = 14_400 * SECOND  # a pool agent who is on a call is logged off when that ends

log = structlog.get_logger("ccd.daemon")


class Switchboard:
    """`look` again and again. `now` is the floor's time, µs; how long an order waits is people's own."""

    def __init__(
        self,
        engine: AsyncEngine,
        current: Current,
        floors: Floors,
        pbxs: Mapping[str, Pbx],
        now: Callable[[], int],
    ) -> None:
        self._engine, self._current, self._floors, self._pbxs, self._now = engine, current, floors, pbxs, now
        self._since = 0
        self._answered: list[tuple[Order, End]] = []  # and not written yet

    async def look(self) -> None:
        await self._write()
        async with reading(self._engine) as connection:
            found = await connection.run_sync(order_rows.open_since, self._since)
        self._since = round(time.time() * SECOND) - LOOK_BACK_US
        for order in found:
            await self._carry_out(order)
            await self._write()

    async def _carry_out(self, order: Order) -> None:
        if order.taken:  # by a process that is gone
            self._answered.append((order, End(uuid4().hex, self._now(), OrderOutcome.UNKNOWN, (), order.span)))
        elif _is_late(order):
            await take_back(self._engine, order, self._now())
        else:
            await self._ask(order)

    async def _ask(self, order: Order) -> None:
        places = self._places(order.agent)
        span = await self._span(order, places)
        by = uuid4().hex
        if not await take_turn_at_once(
            self._engine, lambda plain: order_rows.take(plain, order.number, by, span), Patience()
        ):
            return
        is_late = _is_late(order)  # whoever gave it may be gone, and nobody takes it back
        answers: list[OrderAnswer] = []
        began_s = time.monotonic()
        for pbx, seat in places:
            in_gap = self._floors.floors[pbx].state.gap_since is not None  # who is in which queue is not known
            if is_late:
                answers.append(OrderAnswer(pbx, seat.seat, "", Answered.NOT_ASKED, LATE))
            elif in_gap or (order.what is OrderKind.SIGN_OUT and span is None):
                answers.append(OrderAnswer(pbx, seat.seat, "", Answered.NOT_ASKED, str(NotAskedError(pbx))))
            else:
                answers += await self._asked(order.what, pbx, seat)
        outcome = outcome_of(answers)
        log.info("a switch was asked", agent=order.agent, what=order.what.value, outcome=outcome.value)
        happened = any(each.answered in (Answered.DONE, Answered.UNKNOWN) for each in answers)
        signed_out = happened and not self._stays(answers)
        done_within = _longer(span, answers, time.monotonic() - began_s) if span and signed_out else None
        self._answered.append((order, End(by, self._now(), outcome, tuple(answers), done_within)))

    def _places(self, agent: str) -> list[tuple[str, Seat]]:
        """Where the agent is signed in, as far as ccd has heard."""
        held = [(pbx, seat) for pbx, seat in self._floors.crew.seats_of(agent) if pbx in self._pbxs]
        seats = [(pbx, self._floors.floors[pbx].state.seats[seat]) for pbx, seat in held]
        return [(pbx, seat) for pbx, seat in seats if seat.queues or (seat.seat.startswith(POOL) and seat.logged_in)]

    async def _span(self, order: Order, places: list[tuple[str, Seat]]) -> Span | None:
        """Of a sign-out: from now until the switches will have said that it is done; None where none of them can say
        what time it is. queue_log has whole seconds."""
        if order.what is not OrderKind.SIGN_OUT:
            return None
        starts, margin_us = [], 0
        for pbx, seat in places:
            try:
                starts.append(await self._pbxs[pbx].time())
            except PbxError:
                continue
            margin_us = max(margin_us, self._pbxs[pbx].margin_us)
            if seat.calls and (seat.seat.startswith(POOL) or seat.seat in self._pbxs[pbx].translator.pool_agents):
                margin_us = CALL_US_MAX
        if not starts:
            return None
        end = max(starts) + round(ANSWER_S_MAX * SECOND) + margin_us
        return Span(min(starts) // SECOND * SECOND, end)

    async def _asked(self, what: OrderKind, pbx: str, seat: Seat) -> list[OrderAnswer]:
        control = Control(pbx, self._pbxs[pbx], self._pbxs[pbx].translator.pool_agents)
        queues = sorted(seat.queues)
        match what:
            case OrderKind.PAUSE:
                return await control.pause(seat.seat, queues, self._current.site.settings.orders.reason)
            case OrderKind.UNPAUSE:
                return await control.unpause(seat.seat, queues)
            case OrderKind.SIGN_OUT:
                return await control.sign_out(seat.seat, queues)

    def _stays(self, answers: list[OrderAnswer]) -> bool:
        """Whether the switch said that the agent is left in a queue that counts: who leaves that one, leaves alone."""
        uncounted = self._current.site.seat_rules.uncounted
        return any(each.answered in STAYS and each.queue not in uncounted for each in answers)

    async def _write(self) -> None:
        """What has been answered; where the database is away it is kept until the next look."""
        while self._answered:
            order, ended = self._answered[0]
            await take_turn(self._engine, partial(self._written, order=order, ended=ended), Patience())
            del self._answered[0]

    async def _written(self, connection: AsyncConnection, order: Order, ended: End) -> None:
        """A day that was measured before that is measured anew, and so is one into which the shift goes on."""
        await connection.run_sync(order_rows.end, order, ended)
        met = self._current.site.agent_days.met
        days = met(order.agent, ended.span.start, ended.span.end + SHIFT_US_MAX) if ended.span else ()
        await note_stale_of(connection, {(own.unit, own.day.day) for own in days})


def _is_late(order: Order) -> bool:
    return order.until < time.time() * SECOND


def _longer(span: Span, answers: list[OrderAnswer], took_s: float) -> Span:
    """What a sign-out was done within, now that it is known how long the switches took; and that a pool agent is logged
    off, who may have got a call while that was asked."""
    late_us = round(max(0.0, took_s - ANSWER_S_MAX) * SECOND)
    logged_off = any(not each.queue and each.answered is Answered.DONE for each in answers)
    return Span(span.start, span.end + max(late_us, CALL_US_MAX if logged_off else 0))
