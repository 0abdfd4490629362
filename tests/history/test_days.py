"""Day records out of the store: the same as out of memory, whatever happened, and however long before midnight."""

import random
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.agents import AgentClock, AgentRules
from ccd.floor.crew import Crew, day_records
from ccd.floor.days import BusinessDay, BusinessDays
from ccd.floor.events import Heard
from ccd.floor.owners import Owner
from ccd.floor.records import DayRecord
from ccd.floor.rules import QueueRule, ReasonRule, Reasons, SeatRules
from ccd.floor.segments import Segment
from ccd.history.days import measured_days
from ccd.history.expected_days import PeopleOfDay
from ccd.history.known_days import known_days
from ccd.history.reading import reading, seen_between, stored_sources
from ccd.history.refill import refill
from ccd.history.whose import Measuring, holders
from ccd.sql.engine import open_engine
from tests.floor.floors import RULES, S, added, connected, ended, heard, offered, paused, removed, unpaused
from tests.floor.random_floors import RandomFloor, random_floor
from tests.floor.rules_of_random_floors import agent_rules, owner_of
from tests.history.closing import POLICIES
from tests.history.observing import observe, record, recording

DAY_S = 86_400
DESK, PHONE = "PJSIP/1001", "PJSIP/2001"


def nobody(pbx: str, seat: str, name: str, at: int) -> Owner | None:
    return None


def site(reasons: dict[str, ReasonRule] | None = None, rules: SeatRules = RULES, owner=nobody, turns=()) -> Measuring:
    own = AgentRules(Reasons(reasons or {}), rules, BusinessDays("UTC"))
    return Measuring(owner, turns, lambda _: own)


def everybody_s(rules: AgentRules) -> Callable[[str | None], AgentRules]:
    return lambda _: rules


async def measured(engine: AsyncEngine, measuring: Measuring, day: BusinessDay, whole: bool = False) -> list[DayRecord]:
    async with reading(engine) as connection:
        agents = holders(await seen_between(connection, day.start, day.end), measuring, day)
        sources = await stored_sources(connection)
        days = await measured_days(connection, PeopleOfDay(dict(agents), {}, {}, {}), measuring, sources, whole)
    return [each.record for each in days]


async def recorded(engine: AsyncEngine, floor: RandomFloor) -> list[tuple[str, Segment]]:
    """Records a random floor, which is heard to its end; all its segments, out of memory."""
    segments: list[tuple[str, Segment]] = []
    async with recording(engine) as recorder:
        for pbx, events in floor.streams.items():
            observed = await observe(engine, recorder, pbx, rules=agent_rules(floor.rules).seats)
            await observed.tell([*events, Heard(floor.until)], at_once=20)
            segments += [(pbx, each.closed) for each in observed.transitions if each.closed]
            segments += [(pbx, each) for each in observed.floor.state.open.values()]
    return segments


def by_agent(records: list[DayRecord], day: date) -> dict[str, DayRecord]:
    return {each.agent: each for each in records if each.day == day}


async def test_days_out_of_the_store_are_those_out_of_memory_on_random_floors(new_database) -> None:
    several_days = 0
    for seed in range(15):
        engine = open_engine(new_database())
        floor = random_floor(random.Random(seed), steps=60)
        rules = agent_rules(floor.rules)
        owner, turns = owner_of(floor)
        wanted = day_records(await recorded(engine, floor), owner, turns, everybody_s(rules), floor.until)
        for day in sorted({each.day for each in wanted}):
            span = rules.days.of_date(day)
            found = await measured(engine, Measuring(owner, turns, everybody_s(rules)), span)
            assert by_agent(found, day) == by_agent(wanted, day), (seed, day)
            several_days += 1
        await engine.dispose()
    assert several_days > 20


async def test_a_crew_filled_again_from_the_store_counts_on_as_if_it_had_never_stopped(new_database) -> None:
    for seed in range(15):
        engine = open_engine(new_database())
        floor = random_floor(random.Random(seed), steps=60)
        rules = agent_rules(floor.rules)
        owner, turns = owner_of(floor)
        segments = await recorded(engine, floor)
        live = Crew(owner, everybody_s(rules))
        for pbx, segment in sorted(segments, key=lambda each: (each[1].start, each[0], each[1].number)):
            live.take(pbx, segment)
        again = Crew(owner, everybody_s(rules))
        async with reading(engine) as connection:
            await refill(connection, again, Measuring(owner, turns, everybody_s(rules)), ["team"])
        today = rules.days.at(floor.until).day
        for agent, day in live.clocks.items():
            wanted = [each for each in day.records(floor.until, None) if each.day == today]
            known = again.clocks.get(agent)
            found = [each for each in known.records(floor.until, None) if each.day == today] if known else []
            assert found == wanted, (seed, agent)
            if known:
                assert known.read().merged == day.read().merged, (seed, agent)
                assert day.read().since in (0, known.read().since), (seed, agent)  # 0: it was never signed in
        await engine.dispose()


async def test_so_does_a_crew_of_agents_with_a_seat_each_whose_clocks_are_told_by_themselves(
    new_database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 0
    retell = AgentClock.retell

    def count(day: AgentClock, *change) -> None:
        nonlocal told
        told += 1
        retell(day, *change)

    monkeypatch.setattr(AgentClock, "retell", count)
    for seed in range(8):
        engine = open_engine(new_database())
        floor = random_floor(random.Random(seed), steps=150)
        rules = agent_rules(floor.rules)
        half = floor.until - 3_600 * S * (seed % 5)  # some seats are handed on in the middle of the day

        def owner(pbx: str, seat: str, name: str, at: int, half=half) -> Owner:
            return Owner(f"{pbx} {seat} {name if at < half else 'night'}", "team", False)

        measuring = Measuring(owner, [half], everybody_s(rules))
        segments = sorted(await recorded(engine, floor), key=lambda each: (each[1].start, each[0], each[1].number))
        live = Crew(owner, everybody_s(rules))
        turns = [half]
        for pbx, segment in segments:
            while turns and turns[0] <= segment.start:
                live.cross(turns.pop())
            live.take(pbx, segment)
        for at in turns:
            live.cross(at)
        again = Crew(owner, everybody_s(rules))
        async with reading(engine) as connection:
            await refill(connection, again, measuring, ["team"])
        today = rules.days.at(floor.until).day
        for agent, day in again.clocks.items():
            wanted = [each for each in live.clocks[agent].records(floor.until, None) if each.day == today]
            assert [each for each in day.records(floor.until, None) if each.day == today] == wanted, (seed, agent)
            found, known = day.read(), live.clocks[agent].read()
            assert found.merged == known.merged, (seed, agent)
            assert found.since == known.since or not found.merged.member, (seed, agent)
        await engine.dispose()
    assert told > 150


async def test_a_crew_filled_again_is_on_the_day_of_the_last_word_though_no_ping_has_said_so_yet(
    engine: AsyncEngine,
) -> None:
    await record(
        engine, added(10), removed(100), added(50, seat=PHONE), heard(DAY_S - 5), paused(DAY_S + 3, seat=PHONE)
    )
    crew = Crew(nobody, site().rules_of)
    async with reading(engine) as connection:
        await refill(connection, crew, site(), ["team"])
    assert crew.clocks[DESK].read().tally.sign_ins == 0, "of yesterday nothing is shown"
    assert crew.clocks[PHONE].read().tally.pauses == 1


MIDNIGHT = DAY_S  # of 2 January 1970, in seconds
SECOND_DAY = BusinessDays("UTC").of_date(date(1970, 1, 2))
RECOVERY = {"recovery": ReasonRule(max_us=600 * S)}


async def second_day(engine: AsyncEngine, measuring: Measuring, agent: str = DESK) -> DayRecord:
    return by_agent(await measured(engine, measuring, SECOND_DAY), date(1970, 1, 2))[agent]


async def test_a_pause_that_began_before_midnight_has_used_up_its_exempt_seconds(engine: AsyncEngine) -> None:
    await record(
        engine, added(MIDNIGHT - 40_000), paused(MIDNIGHT - 500, "recovery"), unpaused(MIDNIGHT + 300), heard(2 * DAY_S)
    )
    day = await second_day(engine, site(RECOVERY))
    assert (day.exempt, day.aux, day.pauses) == (100 * S, 200 * S, 0)
    assert day.first_sign_in == MIDNIGHT * S


async def test_it_has_used_them_up_however_often_its_segment_was_cut(engine: AsyncEngine) -> None:
    """Calls and other reasons in between break no pause, and each is a segment of its own."""
    events = [added(0), paused(MIDNIGHT - 90_000 + 10_000, "recovery")]
    for hour in range(20):
        at = MIDNIGHT - 76_000 + hour * 3_600
        events += [offered(at, f"c{hour}"), connected(at + 5, f"c{hour}"), ended(at + 30, f"c{hour}")]
    events += [paused(MIDNIGHT, "meal"), paused(MIDNIGHT + 100, "recovery"), unpaused(MIDNIGHT + 300), heard(2 * DAY_S)]
    await record(engine, *events)
    day = await second_day(engine, site(RECOVERY))
    assert (day.exempt, day.aux) == (0, 300 * S)


async def test_a_pause_broken_for_an_instant_begins_anew(engine: AsyncEngine) -> None:
    await record(
        engine, added(0), paused(MIDNIGHT - 5_000, "recovery"), unpaused(MIDNIGHT - 1),
        paused(MIDNIGHT - 1, "recovery"), unpaused(MIDNIGHT + 700), heard(2 * DAY_S),
    )  # fmt: skip
    day = await second_day(engine, site(RECOVERY))
    assert (day.exempt, day.aux) == (599 * S, 101 * S)


async def test_a_second_seat_that_took_calls_broke_the_agents_pause(engine: AsyncEngine) -> None:
    both = site(RECOVERY, owner=lambda *_: Owner("ann", "team", True))
    await record(
        engine, added(0, seat=DESK), added(0, seat=PHONE), paused(100, "recovery", seat=DESK),
        paused(1_000, "recovery", seat=PHONE), unpaused(MIDNIGHT - 200, seat=PHONE),
        paused(MIDNIGHT - 100, "recovery", seat=PHONE), removed(MIDNIGHT + 900, seat=DESK),
        removed(MIDNIGHT + 900, seat=PHONE), heard(2 * DAY_S),
    )  # fmt: skip
    day = await second_day(engine, both, "ann")
    assert (day.exempt, day.aux, day.unit) == (500 * S, 400 * S, "team")


async def test_where_one_paused_queue_is_enough_the_look_back_knows_it(engine: AsyncEngine) -> None:
    rules = SeatRules(paused_in="any", queues={"support": QueueRule(), "sales": QueueRule()})
    await record(
        engine, added(0), added(0, "sales"), paused(MIDNIGHT - 20_000, "recovery"),
        paused(MIDNIGHT - 10_000, "x", "sales"), unpaused(MIDNIGHT - 9_000, "sales"),
        unpaused(MIDNIGHT + 50), heard(2 * DAY_S), rules=rules,
    )  # fmt: skip
    day = await second_day(engine, site(RECOVERY, rules))
    assert (day.exempt, day.aux) == (0, 50 * S)


async def test_what_happens_at_midnight_belongs_to_the_day_that_begins(engine: AsyncEngine) -> None:
    await record(engine, added(MIDNIGHT - 10), removed(MIDNIGHT), added(MIDNIGHT, "sales"), heard(2 * DAY_S))
    first = (await measured(engine, site(), BusinessDays("UTC").of_date(date(1970, 1, 1))))[0]
    assert (first.signed_in, first.sign_ins, first.sign_outs, first.last_sign_out) == (10 * S, 1, 0, MIDNIGHT * S)
    day = await second_day(engine, site())
    assert (day.sign_ins, day.sign_outs, day.signed_in) == (1, 1, DAY_S * S)


async def test_a_day_that_is_not_over_is_known_up_to_the_watermark(engine: AsyncEngine) -> None:
    await record(engine, added(100), heard(400), paused(500))
    async with reading(engine) as connection:
        (day,) = await known_days(connection, site(), POLICIES, [], date(1970, 1, 1))
        assert await known_days(connection, site(), POLICIES, [], date(1970, 1, 1), agent="PJSIP/none") == []
    assert (day.agent, day.unit, day.signed_in, day.pauses) == (DESK, None, 300 * S, 0)


async def test_a_seat_handed_over_at_midnight_is_the_next_agents_from_then_on(engine: AsyncEngine) -> None:
    def owner(pbx: str, seat: str, name: str, at: int) -> Owner:
        return Owner("ann", "day", False) if at < MIDNIGHT * S else Owner("ben", "night", False)

    await record(engine, added(MIDNIGHT - 100), heard(MIDNIGHT + 50))
    handed_over = site(owner=owner, turns=[MIDNIGHT * S])
    first = await measured(engine, handed_over, BusinessDays("UTC").of_date(date(1970, 1, 1)))
    assert [(day.agent, day.unit, day.signed_in) for day in first] == [("ann", "day", 100 * S)]
    second = await measured(engine, handed_over, SECOND_DAY)
    assert [(day.agent, day.unit, day.signed_in) for day in second] == [("ben", "night", 50 * S)]


async def test_a_pbx_that_was_not_heard_to_the_end_leaves_its_agents_unobserved(engine: AsyncEngine) -> None:
    await record(engine, added(100), paused(MIDNIGHT - 1_000), heard(MIDNIGHT - 600))
    day = by_agent(
        await measured(engine, site(), BusinessDays("UTC").of_date(date(1970, 1, 1)), whole=True), date(1970, 1, 1)
    )[DESK]
    assert (day.unobserved, day.aux, day.signed_in) == (600 * S, 400 * S, (MIDNIGHT - 600 - 100) * S)
