"""An order is given: the right is asked, act and order are written, and then it is waited for what comes of it.

Who follows the switches takes it there (ccd.daemon.switches.carrying_out), perhaps in another process. Where nobody
has until the time is over, it is taken out of everybody's reach: nothing is done behind the back of who was told that
nothing was.
"""

import asyncio
import time
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.site import Site
from ccd.errors import OrderError
from ccd.floor.days import SECOND
from ccd.history.reading import reading
from ccd.org import order_rows
from ccd.org.acts import act_with_id
from ccd.org.order_rows import End, Order
from ccd.org.orders import Ended, OrderKind, OrderOutcome
from ccd.org.rights import may_order
from ccd.sql.turns import Patience, take_turn_at_once

LOOK_S = 0.1  # between two looks for what came of it
ANSWER_S_MAX = 5.0  # once it was taken to the switches; then it is told that nobody knows


async def order(engine: AsyncEngine, site: Site, asking: Asking, agent: str, what: OrderKind, why: str) -> Ended:
    """The same act again asks no switch again, and tells what came of it. OrderError where it can't be,
    ActNotAllowedError where the person may not."""
    unit = site.roster.unit(agent, asking.at)
    if unit is None:
        problem = "is on no roster now: an order is about an agent, by the name that the roster has"
        raise OrderError(agent, problem, "order-stranger", agent=agent)
    line = site.units.with_above(unit, site.units.days(unit).at(asking.at).day)
    asking = asking.under(may_order(asking.person, line, agent))
    if not why.strip():
        raise OrderError(agent, "gives no reason: say in words why", "no-reason")
    wait_s = site.settings.orders.wait_s_max
    until = round((time.time() + wait_s) * SECOND)

    def given(plain: Connection) -> None:
        is_new = act_with_id(plain, asking.act) is None  # asked first: who does the same by now has both on record
        known = order_rows.asked_by(plain, asking.act)
        if known is None and is_new:
            asking.noted(plain, what.value, agent, {"unit": unit}, why)
            order_rows.ask(plain, asking.act, agent, what, until)
        elif known is None or (known.agent, known.what) != (agent, what):
            raise OrderError(asking.act, "was done before, and says something else: choose another key", "key-taken")

    await take_turn_at_once(engine, given, Patience())
    return await _what_came_of_it(engine, asking, wait_s)


async def _what_came_of_it(engine: AsyncEngine, asking: Asking, wait_s: float) -> Ended:
    gives_up_s = time.monotonic() + wait_s
    while True:
        async with reading(engine) as connection:
            found = await connection.run_sync(order_rows.end_of, asking.act)
            if found is not None:
                return found
            given = await connection.run_sync(order_rows.asked_by, asking.act)
        assert given is not None
        now_s = time.monotonic()
        if now_s <= gives_up_s + (ANSWER_S_MAX if given.taken else 0):
            await asyncio.sleep(LOOK_S)
        elif given.taken:
            return Ended(given.act, given.agent, given.what, OrderOutcome.UNKNOWN, ())
        else:
            await take_back(engine, given, asking.at)  # where somebody has it by now, it is waited for


async def take_back(engine: AsyncEngine, order: Order, at: int) -> bool:
    """Nobody asks a switch for it any more; False where somebody has."""
    by = uuid4().hex

    def taken(plain: Connection) -> bool:
        if not order_rows.take(plain, order.number, by, None):
            return False
        order_rows.end(plain, order, End(by, at, OrderOutcome.NOT_ASKED))
        return True

    return await take_turn_at_once(engine, taken, Patience())
