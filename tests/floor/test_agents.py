"""An agent's day: merged seats, reasons and their limits, counts, bounds (docs/time-bank.md 2.1 to 2.3)."""

from dataclasses import replace
from datetime import date, time

from ccd.floor.agents import AgentClock, AgentRules, change_of
from ccd.floor.days import BusinessDays
from ccd.floor.events import Device, PbxEvent
from ccd.floor.records import DayRecord
from ccd.floor.rules import ALWAYS, ReasonRule, Reasons
from ccd.floor.seats import State
from tests.floor.floors import (
    RULES,
    SEAT,
    S,
    Told,
    added,
    connected,
    device,
    ended,
    lost,
    offered,
    only_record,
    paused,
    records,
    removed,
    snapshot,
    tell,
    unpaused,
)

DESK, PHONE = "PJSIP/1001", "PJSIP/2001"


def of_two_seats(*events: PbxEvent, until: float, reasons: dict[str, ReasonRule] | None = None) -> DayRecord:
    told = tell(*events)
    day = AgentClock("ann", AgentRules(Reasons(reasons or {}), RULES, BusinessDays("UTC")), several=True)
    for segment in sorted(told.segments, key=lambda segment: segment.number):
        day.change(change_of(segment, "pbx"))
    (record,) = day.records(int(until * S), None)
    return record


def test_the_states_add_up_to_the_signed_in_time() -> None:
    record = only_record(
        added(1), offered(2), connected(4), ended(9), paused(30, "toilet"), unpaused(50), removed(60), until=99
    )
    assert (record.available, record.ringing, record.on_call, record.wrap_up) == (22 * S, 2 * S, 5 * S, 10 * S)
    assert record.signed_in == 59 * S == record.available + record.ringing + record.on_call + record.wrap_up + 20 * S
    assert (record.sign_ins, record.sign_outs, record.pauses, record.offered, record.answered) == (1, 1, 1, 1, 1)
    assert (record.first_sign_in, record.last_sign_out) == (1 * S, 60 * S)


def test_an_agent_is_in_the_first_state_that_any_seat_is_in() -> None:
    record = of_two_seats(
        added(0, seat=DESK), added(0, seat=PHONE), paused(10, seat=DESK), paused(20, seat=PHONE),
        connected(30, seat=PHONE), ended(50, queue="support", seat=PHONE), unpaused(90, seat=PHONE), until=100,
    )  # fmt: skip
    assert (record.available, record.on_call, record.aux) == (30 * S, 20 * S, 50 * S)
    assert (record.partly_paused, record.pauses, record.sign_ins) == (20 * S, 1, 1)


def test_other_calls_run_only_while_no_seat_has_a_queue_call() -> None:
    record = of_two_seats(
        added(0, seat=DESK), added(0, seat=PHONE), device(10, Device.IN_USE, seat=DESK),
        connected(20, queue="sales", seat=PHONE), ended(30, queue="sales", seat=PHONE), until=40,
    )  # fmt: skip
    assert (record.on_call, record.other_call) == (30 * S, 20 * S)


def test_an_unobserved_seat_hides_what_a_paused_one_says() -> None:
    told = Told(tell(added(0, seat=DESK), paused(5, seat=DESK)).floor)
    day = AgentClock("ann", AgentRules(Reasons({}), RULES, BusinessDays("UTC")), several=True)
    other = tell(added(0, seat=PHONE), lost(10), snapshot(20))
    for pbx, segments in (("a", told.segments), ("b", other.segments)):
        for segment in segments:
            day.change(change_of(segment, pbx))
    (record,) = day.records(30 * S, None)
    assert (record.unobserved, record.aux) == (10 * S, 10 * S)


def test_a_new_reason_is_no_new_pause() -> None:
    record = only_record(added(0), paused(10, "toilet"), paused(20, "ticket"), unpaused(50), until=60)
    assert dict(record.paused) == {"ticket": 30 * S, "toilet": 10 * S}
    assert record.pauses == 1


def test_a_pause_during_a_call_counts_when_it_is_set_and_is_aux_when_the_call_ends() -> None:
    record = only_record(added(0), connected(10), paused(20), ended(50), unpaused(60), until=70)
    assert (record.pauses, record.aux, record.on_call) == (1, 10 * S, 40 * S)


def test_sign_outs_go_by_membership_whatever_the_telephone_does() -> None:
    record = only_record(added(0), connected(10), removed(20), added(30), ended(40), removed(50), until=70)
    assert (record.sign_ins, record.sign_outs, record.on_call) == (2, 2, 30 * S)
    assert record.signed_in == 50 * S


def test_a_pause_without_length_counts() -> None:
    record = only_record(added(0), paused(10), unpaused(10), paused(10), until=10)
    assert (record.pauses, record.aux) == (2, 0)


def test_exempt_seconds_are_limited_within_one_unbroken_pause_across_calls_and_reasons() -> None:
    reasons = {"meal": ReasonRule(max_us=30 * S)}
    record = only_record(
        added(0), paused(10, "meal"), connected(30), ended(40), paused(45, "toilet"), paused(50, "meal"),
        unpaused(70), paused(80, "meal"), unpaused(90), until=100, reasons=reasons,
    )  # fmt: skip
    assert record.exempt == (20 + 5 + 5 + 10) * S
    assert record.aux == (5 + 15) * S


def test_a_pause_beside_an_unplugged_seat_is_broken_too_when_nothing_is_paused_any_more() -> None:
    """It is none in every queue, and so none that is counted; its seconds and its limit are those of any other."""
    reasons = {"meal": ReasonRule(max_us=30 * S)}
    record = of_two_seats(
        added(0, seat=DESK), added(0, seat=PHONE, device=Device.UNREACHABLE), paused(10, "meal", seat=DESK),
        unpaused(30, seat=DESK), paused(40, "meal", seat=DESK), until=80, reasons=reasons,
    )  # fmt: skip
    assert (record.exempt, record.aux, record.pauses) == ((20 + 30) * S, 10 * S, 0)


def test_exempt_seconds_are_limited_within_a_day() -> None:
    reasons = {"meal": ReasonRule(max_day_us=30 * S)}
    record = only_record(added(0), paused(10, "meal"), unpaused(30), paused(40, "meal"), until=70, reasons=reasons)
    assert (record.exempt, record.aux) == (30 * S, 20 * S)


def test_the_limit_within_a_pause_runs_over_midnight_and_the_days_one_starts_anew() -> None:
    midnight = 86_400.0
    story = tell(added(midnight - 100), paused(midnight - 20, "meal")).segments
    limits = {"pause": ReasonRule(max_us=30 * S), "day": ReasonRule(max_day_us=15 * S)}
    found = {
        name: [(r.exempt / S, r.aux / S) for r in records(story, midnight + 60, {"meal": rule})]
        for name, rule in limits.items()
    }
    assert found == {"pause": [(20, 0), (10, 50)], "day": [(15, 5), (15, 45)]}


def test_a_day_that_begins_signed_in_is_bounded_by_the_day() -> None:
    midnight = 86_400
    first, second = records(tell(added(midnight - 100)).segments, midnight + 60)
    assert (first.first_sign_in, first.last_sign_out) == ((midnight - 100) * S, midnight * S)
    assert (second.first_sign_in, second.sign_ins, second.signed_in) == (midnight * S, 0, 60 * S)


def test_days_follow_the_units_clock_and_start() -> None:
    berlin = BusinessDays("Europe/Berlin", time(2, 30))
    hours = {day: (b.end - b.start) / S / 3600 for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))
             for b in [berlin.of_date(day)]}  # fmt: skip
    assert hours == {date(2026, 3, 28): 23.5, date(2026, 3, 29): 23.5, date(2026, 10, 25): 25}
    skipped, doubled = berlin.of_date(date(2026, 3, 29)), berlin.of_date(date(2026, 10, 25))
    assert skipped.start == 1_774_746_000 * S, "02:30 does not exist: the first instant after it, 03:00 summer time"
    assert doubled.start == 1_792_888_200 * S, "02:30 comes twice: the first of the two"
    for at in (skipped.start - 1, skipped.start, doubled.start, doubled.end - 1, doubled.end):
        found = berlin.at(at)
        assert found.start <= at < found.end


def test_who_has_one_seat_from_now_on_is_told_what_waits_in_its_order() -> None:
    story = tell(added(100), paused(200, "toilet"), unpaused(300), paused(310), unpaused(320)).segments
    first, second, third, *more = sorted(story, key=lambda segment: segment.number)
    rules = AgentRules(Reasons({}), RULES, BusinessDays("UTC"))
    clock = AgentClock("ann", rules, several=True)
    for segment in (first, second):
        clock.change(change_of(segment, "pbx"))
    clock.follow(rules, several=False)
    clock.change(change_of(third, "pbx"))
    for segment in more:
        clock.next_segment("pbx", ("pbx", SEAT), segment)
    assert clock.read().merged.state is State.AVAILABLE
    clock.confirm(310 * S)
    assert clock.merged.state is State.PAUSED
    clock.confirm(320 * S)
    (record,) = clock.records(400 * S, None)
    assert (record.paused, record.available) == ({"": 10 * S, "toilet": 100 * S}, 190 * S)
    clock.next_segment("pbx", ("pbx", SEAT), replace(more[-1], number=9, start=330 * S))
    assert clock.at == 330 * S, "nothing waits any more"


def test_a_state_is_as_old_as_the_state_whatever_is_set_meanwhile() -> None:
    told = tell(added(0), connected(10), paused(20, "toilet"))
    day = AgentClock("ann", AgentRules(Reasons({}), RULES, BusinessDays("UTC")), several=False)
    for segment in sorted(told.segments, key=lambda segment: segment.number):
        day.change(change_of(segment, "pbx"))
    assert (day.read().since, day.merged.pause.name) == (10 * S, "ALL")
    for transition in (t for event in (ended(30), paused(40, "ticket")) for t in told.floor.apply(event)):
        day.change(change_of(transition.opened, "pbx"))
    assert day.read().since == 40 * S, "another reason is another thing to be paused for"


MEAL = {"meal": ReasonRule()}
SHORT_MEAL = {"meal": ReasonRule(max_day_us=30 * S)}
DAY_S = 86_400


def days_of(*events: PbxEvent, until: float, reasons: Reasons) -> dict[date, tuple[int, int]]:
    """Day → aux and exempt, in µs, of one agent of one seat."""
    day = AgentClock("ann", AgentRules(reasons, RULES, BusinessDays("UTC")), several=False)
    for segment in sorted(tell(*events).segments, key=lambda segment: segment.number):
        day.change(change_of(segment, "pbx"))
    return {record.day: (record.aux, record.exempt) for record in day.records(int(until * S), None)}


def test_each_day_is_judged_by_the_reasons_that_hold_on_it_a_pause_over_midnight_too() -> None:
    """Measured on the last day of all, and yet the first ones mean what they meant."""
    first, second, third = date(1970, 1, 1), date(1970, 1, 2), date(1970, 1, 3)
    reasons = Reasons(MEAL, ((second, SHORT_MEAL), (third, {})))
    story = (added(0), paused(DAY_S - 100, "meal"), removed(2 * DAY_S + 10))
    assert days_of(*story, until=2 * DAY_S + 20, reasons=reasons) == {
        first: (0, 100 * S),
        second: ((DAY_S - 30) * S, 30 * S),
        third: (10 * S, 0),
    }


def test_a_running_pause_is_read_by_the_reasons_of_the_day_that_runs() -> None:
    reasons = Reasons(MEAL, ((date(1970, 1, 2), SHORT_MEAL),))
    day = AgentClock("ann", AgentRules(reasons, RULES, BusinessDays("UTC")), several=False)
    for segment in tell(added(0), paused(10, "meal")).segments:
        day.change(change_of(segment, "pbx"))
    assert (day.read().exempt, day.read().exempt_left) == (True, None)
    day.begin_day(DAY_S * S)
    assert (day.read().exempt, day.read().exempt_left) == (True, 30 * S)


def test_since_when_a_days_reasons_hold_can_be_told() -> None:
    reasons = Reasons(MEAL, ((date(2026, 11, 2), SHORT_MEAL), (date(2026, 12, 1), {})))
    assert reasons.holds_from(date(2026, 11, 1)) == ALWAYS
    assert reasons.holds_from(date(2026, 11, 30)) == date(2026, 11, 2)
    assert reasons.holds_from(date(2026, 12, 1)) == date(2026, 12, 1)
