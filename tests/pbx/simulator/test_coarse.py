"""Days that are told coarsely: the same people come and pause as on the day that is lived call by call."""

from collections import defaultdict
from datetime import date
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.floor.events import CallConnected, CallEnded, MemberAdded, MemberPaused, MemberRemoved, PbxEvent
from ccd.pbx.simulator.coarse import coarse_day
from ccd.pbx.simulator.days import events_of_day
from ccd.pbx.simulator.staff import EARLY, staff

PEOPLE, DAY, ZONE, SEED = staff(30, 1), date(2026, 11, 24), ZoneInfo("Asia/Shanghai"), 1


def coarse(stays_s: dict[str, int] | None = None) -> list[PbxEvent]:
    return coarse_day(PEOPLE, DAY, ZONE, SEED, stays_s or {})


def test_the_same_seed_gives_the_same_day_in_the_order_of_its_events():
    events = coarse()
    assert events == coarse()
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_whoever_comes_on_the_day_that_is_lived_fully_comes_then_on_the_coarse_one():
    first: list[dict[str, int]] = []
    for events in (coarse(), events_of_day(PEOPLE, DAY, ZONE, SEED)):
        came: dict[str, int] = {}
        for event in events:
            if isinstance(event, MemberAdded):
                came.setdefault(event.seat, event.at // SECOND)
        first.append(came)
    assert first[0] == first[1]
    assert len(first[0]) > len(PEOPLE) // 2


def test_a_call_is_over_before_its_agent_pauses_or_leaves():
    talks: defaultdict[str, int] = defaultdict(int)
    for event in coarse():
        if isinstance(event, CallConnected):
            talks[event.seat] += 1
        elif isinstance(event, CallEnded):
            talks[event.seat] -= 1
        elif isinstance(event, MemberRemoved) or (isinstance(event, MemberPaused) and event.paused):
            assert talks[event.seat] == 0
    assert talks
    assert set(talks.values()) == {0}


def test_who_stays_leaves_later_by_that_and_who_has_leave_earlier():
    here = [one for one in PEOPLE if one.shift is EARLY and not one.rests(DAY)][:2]
    stays_s = {here[0].agent: 7_200, here[1].agent: -7_200}

    def leaves(events: list[PbxEvent], seat: str) -> int:
        return max(event.at for event in events if isinstance(event, MemberRemoved) and event.seat == seat)

    for one in here:
        seat = one.phone.interface
        assert leaves(coarse(stays_s), seat) - leaves(coarse(), seat) == stays_s[one.agent] * SECOND
