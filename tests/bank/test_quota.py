"""Quotas (docs/time-bank.md 3.6): places and hours, by day, weekday, holiday and load; several days; parts of a day;
the calendar; and what is suggested."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.branch import Branch
from ccd.bank.days_off_calendar import days_off_outlook
from ccd.bank.policy import Policies
from ccd.bank.quota import HOLIDAY, Busyness, Places, Quota, places_on, suggestion
from ccd.bank.withdrawal import ApplicationState, PartOfDay, hours_cap_name
from ccd.bank.withdrawal_rows import set_load, set_quota
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import ActNotAllowedError, WithdrawalError
from ccd.floor.days import SECOND
from ccd.floor.expected import Shift, work_within_us
from ccd.floor.spans import Span
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from ccd.org.acts import Act, noted
from ccd.org.agent_days import AgentDays
from ccd.org.store import HOLIDAYS, take_import
from ccd.org.units import Unit, Units
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.askers import asking, manager_of
from tests.bank.policies import policy
from tests.bank.teams import planned, roster_of, shift
from tests.bank.test_withdrawals import DAY, NOBODY, RICH_S, TEAMS, TODAY, balances, drawn, have

HOUR_S = 3_600
UNITS = Units("Asia/Shanghai", time(0), {"centre": Unit(country="CN"), "team-1": Unit(parent="centre")})
NEXT = DAY + timedelta(days=1)


def bank_of(engine: AsyncEngine, schedules: bool = False, **days_off: object) -> Withdrawals:
    terms = {"approve": "rule"} | days_off
    policies = Policies((policy(date(2026, 1, 1), days_off=terms, schedules=schedules),))
    ledger = Ledger(engine, lambda: 1_796_000_000_000_000, Patience(60, 0.001, 0.05))
    return Withdrawals(Branch(ledger, UNITS, policies, AgentDays(roster_of(TEAMS), UNITS), "demo"))


async def quota(engine: AsyncEngine, *said: Quota) -> None:
    def all_of_them(connection: Connection) -> None:
        for one in said:
            set_quota(connection, one, 7, "lead")

    await take_turn_at_once(engine, all_of_them, Patience())


async def hours_drawn(engine: AsyncEngine, unit: str, day: date = DAY) -> int:
    async with engine.connect() as connection:
        query = text("SELECT drawn_s FROM caps WHERE name = :name")
        return int((await connection.execute(query, {"name": hours_cap_name(unit, day)})).scalar() or 0)


async def test_a_quota_in_hours_is_full_when_its_hours_are_however_many_places_are_left(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S, cy=RICH_S)
    await quota(engine, Quota("team-1", DAY, TODAY, 5, 6 * HOUR_S), Quota("centre", DAY, TODAY, 9))
    bank = bank_of(engine)
    assert (await bank.apply("a", "ann", DAY, 4 * HOUR_S, NOBODY)).state is ApplicationState.APPROVED
    assert (await bank.apply("b", "bob", DAY, 2 * HOUR_S + 1, NOBODY)).state is ApplicationState.WAITING
    assert (await bank.apply("d", "cy", DAY, 3 * HOUR_S, NOBODY)).state is ApplicationState.WAITING
    for agent, ahead in (("ann", None), ("bob", 0), ("cy", 1)):
        (day,) = await days_off_outlook(bank._ledger, bank.holds, "team-1", DAY, DAY, agent)
        assert day.ahead == ahead
    await bank.end("d", ApplicationState.CANCELLED, NOBODY)
    assert (await bank.apply("c", "cy", DAY, 2 * HOUR_S, NOBODY)).state is ApplicationState.APPROVED
    assert (await hours_drawn(engine, "team-1"), await drawn(engine, "team-1")) == (6 * HOUR_S, 2)
    (day,) = await days_off_outlook(bank._ledger, bank.holds, "team-1", DAY, DAY, "ann")
    assert (day.left, day.waiting, [one.id for one in day.own]) == (Places(3, 0), 1, ["a"])
    assert day.places == {"team-1": Places(5, 6 * HOUR_S), "centre": Places(9)}
    await bank.end("a", ApplicationState.CANCELLED, NOBODY)
    states = {one.id: one.state for one in await bank.calendar(DAY, DAY)}
    assert states == {
        "a": ApplicationState.CANCELLED,
        "b": ApplicationState.APPROVED,
        "c": ApplicationState.APPROVED,
        "d": ApplicationState.CANCELLED,
    }
    assert (await hours_drawn(engine, "team-1"), await drawn(engine, "team-1")) == (4 * HOUR_S + 1, 2)
    await bank.close(DAY, {}, NOBODY._replace(today=NEXT))
    assert (await verify(engine, lambda done, total: None)).findings == []


@pytest.mark.parametrize(
    ("said", "load", "holiday", "places"),
    [
        ([("monday", 1, ""), ("monday", 2, "rush")], "", False, 1),
        ([("monday", 2, "rush"), ("monday", 1, "")], "rush", False, 2),
        ([("monday", 2, "rush")], "", False, None),
        ([("monday", 1, ""), ("holiday", 5, "")], "", True, 5),
        ([("monday", 1, ""), ("holiday", 5, "")], "", False, 1),
        ([("holiday", 5, ""), ("day", 3, ""), ("holiday", 6, "")], "", True, 3),
        ([("day", 3, ""), ("day", 4, "")], "", True, 4),
        ([("monday", 1, ""), ("day", 3, "rush")], "", False, 1),
        ([("monday", 1, ""), ("day", 3, "rush")], "rush", False, 3),
        ([("day", 3, "rush"), ("day", 4, "")], "rush", False, 4),
        ([("tuesday", 3, "")], "", False, None),
    ],
)
def test_what_was_said_last_and_most_closely_holds(
    said: list[tuple[str, int, str]], load: str, holiday: bool, places: int | None
) -> None:
    monday = date(2026, 12, 7)
    on: dict[str, date | int] = {"monday": 0, "tuesday": 1, "holiday": HOLIDAY, "day": monday}
    quotas = [Quota("team-1", on[when], TODAY, agents, None, of) for when, agents, of in said]
    assert places_on(quotas, monday, load, holiday) == (None if places is None else Places(places))
    assert places_on(quotas, TODAY - timedelta(days=1), load, holiday) is None, "templates hold from a day on"


async def test_statutory_holidays_and_days_of_a_load_have_templates_of_their_own(engine: AsyncEngine) -> None:
    """3 October 2027 is one by law; what is imported says that 10 December 2026 is, too."""
    await quota(
        engine, Quota("team-1", DAY.weekday(), TODAY, 1), Quota("team-1", HOLIDAY, TODAY, 9),
        Quota("team-1", DAY.weekday(), TODAY, 2, load="rush"),
    )  # fmt: skip
    bank, week = bank_of(engine), DAY + timedelta(days=7)

    async def places(day: date) -> dict[str, Places]:
        (one,) = await days_off_outlook(bank._ledger, bank.holds, "team-1", day, day)
        return one.places

    assert await places(DAY) == {"team-1": Places(1)}
    await take_turn_at_once(
        engine, lambda connection: set_load(connection, "centre", week, "rush", 7, "lead"), Patience()
    )
    assert await places(week) == {"team-1": Places(2)}, "the load of a unit is that of those below it"
    assert await places(date(2027, 10, 3)) == {"team-1": Places(9)}
    told = f"country,day,kind,name\nCN,{DAY},statutory_holiday,Founding\n"
    act = Act("i", 7, "lead", "desk", "import holidays", "CN", "", "", "known")
    await take_turn_at_once(engine, lambda connection: take_import(connection, HOLIDAYS, told, 0, act), Patience())
    assert await places(DAY) == {"team-1": Places(9)}


async def test_of_several_days_all_are_had_or_none(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S)
    days = [DAY + timedelta(days=number) for number in range(3)]
    await quota(engine, *(Quota("team-1", day, TODAY, 1) for day in days))
    bank = bank_of(engine)
    await bank.apply(f"s/{days[1]}", "bob", days[1], 900, NOBODY)
    with pytest.raises(WithdrawalError, match=f"can't have all of these days: the quota of {days[1]} is full"):
        await bank.apply_for_run("r", "ann", days, NOBODY)
    assert (await balances(engine, "ann"))[2] == 0
    assert [one.id for one in await bank.calendar(days[0], days[2])] == [f"s/{days[1]}"]
    await bank.end(f"s/{days[1]}", ApplicationState.CANCELLED, NOBODY)
    run = await bank.apply_for_run("r", "ann", days, NOBODY)
    assert [(one.day, one.state, one.run) for one in run] == [(day, ApplicationState.APPROVED, "r") for day in days]
    assert await bank.apply_for_run("r", "ann", days, NOBODY) == run
    assert (await balances(engine, "ann"))[2] == 3 * 28_800
    with pytest.raises(WithdrawalError, match="has applied as r for something else"):
        await bank.apply_for_run("r", "bob", days, NOBODY)
    with pytest.raises(WithdrawalError, match="bob asks for 0 days"):
        await bank.apply_for_run("s", "bob", [], NOBODY)
    with pytest.raises(WithdrawalError, match=f"can't apply as s: s/{days[1]} is an application; choose another key"):
        await bank.apply_for_run("s", "bob", days[1:2], NOBODY)


async def test_what_the_balance_does_not_cover_of_several_days_takes_none_of_them(engine: AsyncEngine) -> None:
    await have(engine, ann=50_000)
    days = [DAY, NEXT]
    await quota(engine, *(Quota("team-1", day, TODAY, 1) for day in days))
    with pytest.raises(WithdrawalError, match=f"can't take 28800 s of {NEXT}"):
        await bank_of(engine).apply_for_run("r", "ann", days, NOBODY)
    assert (await balances(engine, "ann"))[2] == 0
    assert await drawn(engine, "team-1") == 0


async def test_where_each_day_is_for_itself_what_is_full_waits_and_free_days_are_passed_over(
    engine: AsyncEngine,
) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S)
    days = [DAY + timedelta(days=number) for number in range(3)]
    await quota(engine, *(Quota("team-1", day, TODAY, 1) for day in days))
    await planned(engine, *(shift(f"s{day}", "ann", f"{day}T08:00", 6) for day in days[:2]))
    bank = bank_of(engine, schedules=True, run_of_days="each")
    await bank.apply("b", "bob", days[0], 900, NOBODY)
    run = await bank.apply_for_run("r", "ann", days, NOBODY)
    assert [(one.day, one.state, one.seconds) for one in run] == [
        (days[0], ApplicationState.WAITING, 6 * HOUR_S), (days[1], ApplicationState.APPROVED, 6 * HOUR_S),
    ]  # fmt: skip
    costs = await bank.whole_days("ann", days[0], days[2])
    assert [(day, *one[:2]) for day, one in costs.items()] == [
        (day, cost, day - timedelta(days=1)) for day, cost in zip(days, (21_600, 21_600, 0), strict=True)
    ]
    assert [(one.span.end - one.span.start) // HOUR_S // SECOND for one in costs.values() if one.span] == [6, 6, 24]
    assert await bank.whole_days("nobody", days[0], days[2]) == {}
    with pytest.raises(WithdrawalError, match="has no shift on any of these days"):
        await bank.apply_for_run("s", "ann", days[2:], NOBODY)


async def test_a_part_of_a_day_is_what_of_the_shift_lies_in_it_less_breaks(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S)
    await quota(engine, Quota("team-1", DAY, TODAY, 9))
    noon = shift("", "ann", f"{DAY}T12:00", 0.5)
    await planned(engine, shift("day", "ann", f"{DAY}T08:00", 6, f"[[{noon.start},{noon.end}]]"))
    bank = bank_of(engine)
    afternoon = shift("", "ann", f"{DAY}T11:00", 8)
    part = PartOfDay(None, afternoon.start, afternoon.end)
    one = await bank.apply("a", "ann", DAY, part, NOBODY)
    assert (one.seconds, one.start, one.end) == (3 * HOUR_S - 1_800, part.start, part.end)
    assert await bank.apply("a", "ann", DAY, part, NOBODY) == one
    with pytest.raises(WithdrawalError, match="for something else"):
        await bank.apply("a", "ann", DAY, PartOfDay(None, part.start, afternoon.end + 1), NOBODY)
    assert (await bank.apply("b", "bob", DAY, part, NOBODY)).seconds == 8 * HOUR_S, "who has no shift says how long"
    await bank.end("a", ApplicationState.CANCELLED, NOBODY)
    with pytest.raises(WithdrawalError, match="is not planned for that part"):
        await bank.apply("c", "ann", DAY, PartOfDay(None, afternoon.end, afternoon.end + 9_000_000), NOBODY)
    await bank.end("b", ApplicationState.CANCELLED, NOBODY)
    day_us = 24 * HOUR_S * 1_000_000
    for start, end in (
        (afternoon.start + day_us, afternoon.end + day_us),
        (afternoon.start, afternoon.start + day_us + 1),
    ):
        with pytest.raises(WithdrawalError, match="is not planned for that part"):  # of another day, or of two
            await bank.apply("c", "bob", DAY, PartOfDay(None, start, end), NOBODY)
    with pytest.raises(WithdrawalError, match="ends before it begins"):
        await bank.apply("c", "ann", DAY, PartOfDay(None, afternoon.end, afternoon.start), NOBODY)


async def test_who_has_no_right_to_it_applies_for_nobody_and_decides_nothing_and_each_act_is_noted(
    engine: AsyncEngine,
) -> None:
    await have(engine, ann=RICH_S)
    await quota(engine, Quota("team-1", DAY, TODAY, 9))
    bank = bank_of(engine, approve="person")
    ann, bob, lead = asking("ann", agent="ann"), asking("bob", agent="bob"), asking("lead", *manager_of("centre"))
    ann, bob = (one._replace(person=one.person.__class__(one.by, one.person.role, one.by)) for one in (ann, bob))
    with pytest.raises(ActNotAllowedError, match="apply in the name of ann"):
        await bank.apply("a", "ann", DAY, 900, NOBODY._replace(asking=bob))
    await bank.apply("a", "ann", DAY, 900, NOBODY._replace(by="ann", asking=ann))
    with pytest.raises(ActNotAllowedError):
        await bank.approve("a", NOBODY._replace(by="ann", asking=ann))
    await bank.approve("a", NOBODY._replace(asking=lead))
    with pytest.raises(ActNotAllowedError):
        await bank.end("a", ApplicationState.CANCELLED, NOBODY._replace(asking=bob))
    await bank.end("a", ApplicationState.CANCELLED, NOBODY._replace(by="ann", asking=ann._replace(act="later")))
    async with engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, "day off", "ann", 9)))
    assert [(act.by, act.address, act.why) for act in acts] == [
        ("ann", "desk-7", "cancelled as asked"), ("lead", "desk-7", "approved as asked"),
        ("ann", "desk-7", "applied as asked"),
    ]  # fmt: skip


def test_what_is_suggested_is_the_spare_time_of_the_busiest_day() -> None:
    days = [Busyness(DAY, 10, 288_000, 28_800), Busyness(DAY, 20, 576_000, 288_000)]
    assert suggestion(days, 1_000_000) == 1
    assert suggestion(days[1:], 500_000) == 5
    assert suggestion([], 500_000) == 0
    assert suggestion([Busyness(DAY, 0, 0, 0)], 500_000) == 0


spans = st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda span: Span(span[0], span[0] + span[1]))


@given(st.lists(spans, max_size=3), spans)
def test_a_part_of_shifts_is_counted_second_by_second(shifts: list[Span], part: Span) -> None:
    planned = [Shift(one.start, one.end, (Span(one.start, (one.start + one.end) // 2),)) for one in shifts]
    slow = 0
    for one in planned:
        (rest,) = one.breaks
        slow += sum(
            1 for second in range(one.start, one.end)
            if part.start <= second < part.end and not rest.start <= second < rest.end
        )  # fmt: skip
    assert work_within_us(planned, part) == slow
