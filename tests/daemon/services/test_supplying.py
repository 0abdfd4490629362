"""docs/time-bank.md 4, the balance of the system: what is said of units is what the ledger holds, and what the quotas
of the days to come can't pay out is warned of. Who moves keeps all there is, and who leaves what is not held."""

import json
from collections.abc import Callable, Mapping
from datetime import date, time

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select
from structlog.testing import capture_logs

from ccd.bank.leaving import Leaving, Left
from ccd.bank.outbox import outbox
from ccd.bank.quota import Places
from ccd.bank.supply import NO_UNIT, Supply, payable_s
from ccd.bank.withdrawal import ApplicationState
from ccd.daemon.health import registry_of
from ccd.daemon.services.leavers import left_by
from ccd.daemon.services.supplying import Balance, SupplyFigures, Supplying, SupplyWatch
from ccd.daemon.site import Current
from ccd.errors import LeavingError
from ccd.sql.engine import open_engine
from tests.bank.askers import asking
from tests.bank.months import Months, rosters

FIRST, MOVES = date(2026, 12, 1), date(2026, 12, 4)
ROSTER = rosters(
    [
        ("1001", "team-1", None, None),
        ("1002", "team-1", None, MOVES),
        ("1002", "team-2", MOVES, None),
        ("2001", "team-2", None, date(2026, 12, 9)),
    ]
)


async def lived(world: Months, *acts: str, until: date = date(2026, 12, 6)) -> None:
    for act in ("team-1 declares 1000 h of 2026-12", "team-2 declares 1000 h of 2026-12", *acts):
        assert await world.attempt(act), act
    await world.until(until)


def supplied(balance: Balance, unit: str) -> Supply:
    return next(one for one in balance.units if one.unit == unit)


async def balance_of(world: Months) -> Balance:
    return await Supplying(world.ledger, world.site, world.clock).of()


async def test_a_transfer_is_of_the_unit_of_its_day_and_what_is_outstanding_of_where_the_agent_is(
    new_database: Callable[[], str],
) -> None:
    engine = open_engine(new_database())
    world = Months(engine, ROSTER, FIRST, schedules=False)
    await lived(world, "boss of team-1 gives 1001 and 1002 3000 s each for contest", "1002 works 08:00-16:00")
    found = await balance_of(world)
    first, second, centre = (supplied(found, unit) for unit in ("team-1", "team-2", "centre"))
    assert dict(first.deposited) == {"gift": 6_000, "savings": 1_065}
    assert (first.outstanding_s, second.outstanding_s, centre.outstanding_s) == (3_000, 4_065, 7_065)
    assert not second.deposited.total()
    assert first.gift_cap_s == 36_000
    assert first.gifts_s == centre.gifts_s == 6_000
    assert centre.days == pytest.approx(7_065 / 28_800)
    await world.balance_is_the_ledgers()
    await engine.dispose()


async def test_packets_of_the_month_that_runs_are_those_of_the_calendars_month(new_database: Callable[[], str]) -> None:
    engine = open_engine(new_database())
    begins = {"attendance": {"month_begins": 26}}
    world = Months(engine, ROSTER, date(2026, 12, 28), more=begins)
    await lived(world, "boss of team-1 gives 1001 3000 s for contest", until=date(2026, 12, 29))
    found = await balance_of(world)
    team = supplied(found, "team-1")
    assert (found.month, dict(team.deposited)) == ("2027-01", {"gift": 3_000})
    assert (team.gift_cap_s, team.gifts_s) == (36_000, 3_000), "of December"
    await engine.dispose()


async def test_what_is_earned_in_a_rush_and_spent_when_idle_is_told(new_database: Callable[[], str]) -> None:
    engine = open_engine(new_database())
    world = Months(engine, ROSTER, FIRST, schedules=True)
    await lived(
        world,
        "boss of team-1 gives 1001 10000 s for contest",
        "the plan says 1001 08:00-16:00 on 1 Dec, 2 Dec",
        "team-1 lets 1 off on 2 Dec",
        "1001 applies for 3600 s of 2 Dec",
        "boss approves 1001's 2 Dec",
        "1001 works 08:00-18:00",
        until=FIRST,
    )
    assert await world.attempt("lead of centre opens flood, level I", time(16, 30))
    assert await world.attempt("lead calls 1001 to flood")
    assert await world.attempt("lead ends flood", time(17, 30))
    await world.until(date(2026, 12, 4))
    team = supplied(await balance_of(world), "team-1").said(rush_worth=4)
    assert (team["rush"], team["rush_worth"], team["idle"]) == (3_600, 14_400, 3_600)
    assert team["held"] == 0
    assert await world.attempt("boss rules 1001 available 08:00-16:00 on 2 Dec")
    await world.night()
    team = supplied(await balance_of(world), "team-1").said(rush_worth=4)
    assert (team["taken"]["withdrawal"], team["deposited"]["worked"], team["idle"]) == (3_600, 3_600, 0), "no hour off"
    await world.balance_is_the_ledgers()
    await engine.dispose()


async def test_a_night_is_one_day(new_database: Callable[[], str]) -> None:
    engine = open_engine(new_database())
    world = Months(engine, ROSTER, FIRST, schedules=True)
    nights = ", ".join(f"{day} Dec" for day in range(1, 6))
    await lived(
        world,
        f"the plan says 1001 22:00-06:00 less 02:00-02:30 on {nights}",
        "the plan says 1002 08:00-15:30 on 2 Dec",
        "team-1 lets 1 off on 10 Dec",
        until=date(2026, 12, 2),
    )
    team = supplied(await balance_of(world), "team-1")
    assert (team.day_s, team.payable_s) == (27_000, 27_000)
    await engine.dispose()


async def test_what_the_quotas_can_not_pay_out_is_warned_of_once_a_day(new_database: Callable[[], str]) -> None:
    """The example of the page, one day of it in the next month; 1 s less outstanding, and it could be staffed."""
    engine = open_engine(new_database())
    world = Months(engine, ROSTER, FIRST, schedules=False)
    await lived(
        world,
        "boss of centre gives 1001 and 1002 28800 s each for contest",
        "team-1 lets 1 off on 10 Jan",
        "team-1 lets 1 off on 11 Dec",
        "1001 applies for 10 Jan",
        until=date(2026, 12, 3),
    )
    watch = SupplyWatch(world.ledger, Current(world.site, world.site), world.clock)
    team = supplied(await balance_of(world), "team-1")
    assert (team.outstanding_s, team.held_s, team.payable_s, team.can_be_staffed) == (57_600, 28_800, 28_800, True)
    assert await watch.look() == {}
    assert await world.attempt("boss of team-1 gives 1002 1 s for contest")
    assert await watch.look() == {}, "today it has looked"
    past = await Supplying(world.ledger, world.site, world.clock).of("2026-11")
    assert (supplied(past, "team-1").can_be_staffed, past.warnings()) == (None, {}), "days to come have nothing to say"
    await world.until(date(2026, 12, 4))
    with capture_logs() as logs:
        said = await watch.look()
    assert said["team-2"] == (
        "28801 s are outstanding and held for no day, and the quotas of the next 90 days leave room for 0 s"
    ), "1002 has moved to where nobody is let off"
    assert {line["unit"] for line in logs} == said.keys() == {"team-2", "centre"}
    told = generate_latest(registry_of(SupplyFigures(lambda: watch.newest))).decode()
    assert 'ccd_supply_free_seconds{unit="team-2"} 28801.0' in told
    assert 'ccd_supply_payable_seconds{unit="team-1"} 28800.0' in told
    await engine.dispose()


async def test_what_a_leaver_holds_goes_back_and_what_is_left_is_named(new_database: Callable[[], str]) -> None:
    engine = open_engine(new_database())
    world = Months(engine, ROSTER, FIRST, schedules=False)
    await lived(
        world,
        "boss of team-2 gives 2001 28800 s for contest",
        "team-2 lets 1 off on 8 Dec",
        "2001 applies for 3600 s of 8 Dec",
        until=date(2026, 12, 3),
    )
    earlier = ROSTER.replace("2026-12-09", "2026-12-07")
    gone = Months(engine, earlier, date(2026, 12, 3), schedules=False)
    await gone.night()
    (one,) = await gone.days_off.calendar(date(2026, 12, 8), date(2026, 12, 8))
    assert one.state is ApplicationState.WITHDRAWN
    await gone.until(date(2026, 12, 8))
    found = await balance_of(gone)
    assert dict(found.left) == {"2001": 28_800}
    assert supplied(found, NO_UNIT).outstanding_s == 28_800
    assert supplied(found, NO_UNIT).held_s == 0
    assert NO_UNIT not in found.warnings()
    await gone.balance_is_the_ledgers()
    await handed_over(gone)
    await engine.dispose()


async def handed_over(gone: Months) -> None:
    """All of what 2001 has left, once, and attendance is told in the same transaction."""
    today = date(2026, 12, 8)
    with pytest.raises(LeavingError, match="1001 is in team-1, or will be"):
        left_by(gone.site, "1001", today)
    left = left_by(gone.site, "2001", today)
    assert left == Left("2001", "team-2", date(2026, 12, 6))
    bank = Leaving(gone.ledger, gone.site.settings.site)
    assert [await bank.hand_over(left, today, asking("hr"), "the last wages") for _ in range(2)] == [28_800, 0]
    assert not (await balance_of(gone)).left
    async with gone.engine.connect() as connection:
        (told,) = await connection.execute(select(outbox.c.body).where(outbox.c.kind == "attendance.left"))
    said = {"agent": "2001", "unit": "team-2", "last_day": "2026-12-06", "seconds": 28_800}
    assert json.loads(told.body)["data"] == {**said, "by_account": {"gift": 28_800}, "number": 1}
    await gone.balance_is_the_ledgers()


@pytest.mark.parametrize(
    ("unit", "places", "expected"),
    [
        ("team-1", {}, 0),
        ("team-1", {"team-1": Places(2)}, 20),
        ("team-1", {"team-1": Places(2, 15)}, 15),
        ("team-1", {"team-1": Places(2), "centre": Places(1)}, 10),
        ("team-1", {"centre": Places(3)}, 30),
        ("centre", {"centre": Places(3)}, 30),
        ("centre", {"team-1": Places(1), "team-2": Places(1)}, 20),
        ("centre", {"team-1": Places(1), "team-2": Places(1), "centre": Places(5)}, 20),
        ("centre", {"team-1": Places(1), "centre": Places(5)}, 50),
        ("centre", {"team-1": Places(1)}, 10),
    ],
)
def test_a_unit_can_be_paid_out_what_it_those_above_and_those_below_let(
    unit: str, places: Mapping[str, Places], expected: int
) -> None:
    below = {"centre": ["team-1", "team-2"]}
    above = [] if unit == "centre" else ["centre"]
    found = payable_s(unit, above, places, lambda one: below.get(one, []), {"team-1", "team-2"}, day_s=10)
    assert found == expected
