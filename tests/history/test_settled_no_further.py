"""A unit's day that the ledger would not take: its days wait in their order, and whoever came from it waits with it."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.errors import LedgerBrokenError
from ccd.floor.owners import Owner
from tests.floor.floors import S, added, heard, removed
from tests.history.closing import ANN, BEN, DAY_S, DEPOSIT_S, FIRST, OVERDRAFT_S, SECOND, SHIFT, Bank, measuring
from tests.history.observing import record


async def test_a_unit_that_the_ledger_takes_no_day_of_is_said_once_and_holds_up_no_other(engine: AsyncEngine) -> None:
    """The ledger contradicts itself for one unit: its days wait in their order, the other's are closed."""
    await record(engine, *SHIFT, heard(2 * DAY_S))
    owners = {ANN: Owner("ann", "team", True), BEN: Owner("ben", "crew", True)}
    site = measuring(lambda pbx, seat, name, at: owners.get(seat))
    bank = Bank(engine, now_s=2 * DAY_S + 5, units=("team", "crew"), site=site)
    settle = bank.closer._settle

    async def settle_but_for_ann(measured: Iterable[Measured], dry_run: bool) -> Settlement:
        measured = list(measured)
        if any(one.agent == "ann" for one in measured):
            raise LedgerBrokenError("ann has two balances")
        return await settle(measured, dry_run)

    bank.closer._settle = settle_but_for_ann
    with capture_logs() as logs:
        await bank.closer.close_due()
        await bank.closer.close_due()
    said = [(entry["event"], entry["unit"]) for entry in logs if entry["log_level"] == "error"]
    assert said == [("a unit is settled no further", "team")]
    assert bank.closer.unsettled["team"].startswith("1970-01-01: the ledger contradicts itself: ann has two balances")
    assert (bank.closer.waits_since, await bank.net_s("ben")) == (FIRST, -OVERDRAFT_S)
    assert await bank.due() == [("team", FIRST), ("team", SECOND)]

    bank.closer._settle = settle
    await bank.closer.close_due()
    assert (bank.closer.unsettled, bank.closer.waits_since, await bank.net_s("ann")) == ({}, None, DEPOSIT_S)


async def test_who_came_from_a_unit_that_is_settled_no_further_waits_with_it(engine: AsyncEngine) -> None:
    """An agent's days settle in their order, in whichever units they are."""
    again = (added(DAY_S + 1_000, seat=ANN), added(DAY_S + 1_000, seat=BEN), removed(DAY_S + 9_000, seat=ANN),
             removed(DAY_S + 9_000, seat=BEN))  # fmt: skip
    await record(engine, *SHIFT, *again, heard(3 * DAY_S))

    def moving(pbx: str, seat: str, name: str, at: int) -> Owner:
        moved = seat == ANN and at >= DAY_S * S
        return Owner("ann" if seat == ANN else "ben", "crew" if moved or seat == BEN else "team", True)

    bank = Bank(engine, now_s=3 * DAY_S + 5, units=("team", "crew"), site=measuring(moving, turns=(DAY_S * S,)))
    settle = bank.closer._settle

    async def settle_but_for_the_first(measured: Iterable[Measured], dry_run: bool) -> Settlement:
        measured = list(measured)
        if any((one.agent, one.day) == ("ann", FIRST) for one in measured):
            raise LedgerBrokenError("ann has two balances")
        return await settle(measured, dry_run)

    bank.closer._settle = settle_but_for_the_first
    await bank.closer.close_due()
    assert [(one.agent, one.day) for one in bank.asked] == [("ben", FIRST)]
    assert (set(bank.closer.unsettled), bank.closer.waits_since) == ({"team"}, FIRST)

    bank.closer._settle = settle
    await bank.closer.close_due()
    assert [(one.agent, one.day) for one in bank.asked if one.agent == "ann"] == [("ann", FIRST), ("ann", SECOND)]
    assert (bank.closer.unsettled, bank.closer.waits_since) == ({}, None)


async def test_who_came_from_a_unit_that_waits_has_no_day_left_out_where_days_are_closed_by_hand(
    engine: AsyncEngine,
) -> None:
    """By hand they wait for no other unit."""
    await record(engine, added(1_000, seat=BEN), heard(DAY_S - 9), pbx="slow")
    await record(engine, added(1_000, seat=ANN), removed(DAY_S + 9_000, seat=ANN), heard(4 * DAY_S))

    def moving(pbx: str, seat: str, name: str, at: int) -> Owner:
        moved = seat == ANN and at >= DAY_S * S
        return Owner("ann" if seat == ANN else "ben", "team" if moved else "crew", True)

    site = measuring(moving, turns=(DAY_S * S,))
    bank = Bank(engine, now_s=DAY_S + 5, units=("team", "crew"), pbxs=("pbx", "slow"), site=site)
    assert await bank.due() == [("team", FIRST)], "for the daemon the others wait"
    closed = await bank.closer.close_up_to("team", date(1970, 1, 4))
    assert [one.day for one in closed] == [FIRST, SECOND, date(1970, 1, 3), date(1970, 1, 4)]
