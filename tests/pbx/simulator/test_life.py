"""The simulated floor lives as floors do: shifts, calls, pauses; and every day is the same for the same seed."""

import statistics
from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ccd.floor.days import SECOND
from ccd.pbx.blocks import Blocks, event_name, stamp, text_of
from ccd.pbx.observation import PICKED
from ccd.pbx.shapes import Picking
from ccd.pbx.simulator.ami_text import blocks
from ccd.pbx.simulator.days import events_of_day, speech_of_day
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.speech import (
    CallAnswered,
    CallerGaveUp,
    CallerJoinedQueue,
    CallerLeftQueue,
    CallOver,
    MemberSaid,
    PeerHeard,
    PhoneRangOut,
    PhoneRung,
    Speech,
)
from ccd.pbx.simulator.staff import EARLY, LATE, TEAMS, Colleague, roster_csv, staff
from ccd.pbx.translate import QUEUE_EVENTS, Scope, Translator

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
SEED = 7
DAYS = 10


@lru_cache
def people() -> tuple[Colleague, ...]:
    return staff(60, SEED)


@lru_cache(maxsize=DAYS)
def said_on(day: date) -> list[Speech]:
    return list(speech_of_day(people(), day, ZONE, SEED))


def test_every_seat_is_on_the_roster_in_one_of_three_teams():
    lines = roster_csv(people()).splitlines()
    assert lines[0] == "agent,interface,member_name,unit"
    assert lines[1] == "1001,PJSIP/1001,王芳,team-1"
    assert len(lines) == 61
    assert Counter(line.rsplit(",", 1)[1] for line in lines[1:]) == {team.unit: 20 for team in TEAMS}
    assert len({person.phone.name for person in people()}) == 60
    assert {len(person.queues) for person in people()} == {1, 2}
    assert {person.shift for person in people()} == {EARLY, LATE}


def test_names_stay_different_on_a_large_floor():
    assert len({person.phone.name for person in staff(12_000, SEED)}) == 12_000


def test_a_day_is_the_same_for_the_same_seed_and_another_for_another():
    again = list(speech_of_day(people(), DAY, ZONE, SEED))
    assert again == said_on(DAY)
    assert list(speech_of_day(people(), DAY, ZONE, SEED + 1)) != again


def test_a_day_reached_by_living_is_the_day_that_was_begun_with():
    life = Life(people(), DAY - timedelta(days=2), ZONE, SEED)
    life.run_until(midnight_of(DAY, ZONE) - 1)
    lived: list[Speech] = []
    for minute in range(0, 24 * 60, 7):
        lived += life.run_until(midnight_of(DAY, ZONE) + minute * 60 * SECOND)
    lived += life.run_until(midnight_of(DAY + timedelta(days=1), ZONE) - 1)
    assert lived == said_on(DAY)


def test_the_day_as_events_is_what_reading_its_bytes_gives():
    reader, picking, translator = Blocks(), Picking(PICKED), Translator(Scope())
    read = [
        translator.event(event_name(block), picking.pick(event_name(block), text_of(block)), stamp(block), 0)
        for speech in speech_of_day(people(), DAY, ZONE, SEED)
        for block in reader.feed(blocks((speech,)))
        if event_name(block) in QUEUE_EVENTS
    ]
    assert read == list(events_of_day(people(), DAY, ZONE, SEED))
    assert len(read) > 20_000
    assert not translator.rejected


def test_what_is_said_never_goes_back_in_time():
    said = said_on(DAY)
    assert all(earlier.at < later.at for earlier, later in pairwise(said))


def test_a_day_begins_and_ends_with_nobody_there():
    for n in range(DAYS):
        members: set[tuple[str, str]] = set()
        waiting: set[str] = set()
        talking: set[str] = set()
        for speech in said_on(DAY + timedelta(days=n)):
            match speech:
                case MemberSaid(event="QueueMemberAdded"):
                    members.add((speech.phone.interface, speech.queue))
                case MemberSaid(event="QueueMemberRemoved"):
                    members.remove((speech.phone.interface, speech.queue))
                case CallerJoinedQueue():
                    waiting.add(speech.caller.uniqueid)
                case CallerLeftQueue():
                    waiting.remove(speech.caller.uniqueid)
                case CallAnswered():
                    talking.add(speech.caller.uniqueid)
                case CallOver():
                    talking.remove(speech.caller.uniqueid)
        assert (members, waiting, talking) == (set(), set(), set())


def test_people_come_around_their_shift_and_one_in_seven_has_a_day_off():
    arrived: dict[str, int] = {}
    for speech in said_on(DAY):
        if isinstance(speech, MemberSaid) and speech.event == "QueueMemberAdded":
            arrived.setdefault(speech.phone.interface, speech.at)
    midnight = midnight_of(DAY, ZONE)
    early_s = [
        midnight / SECOND + person.shift.starts_s - arrived[person.phone.interface] / SECOND
        for person in people()
        if person.phone.interface in arrived
    ]
    assert 48 <= len(early_s) <= 54
    assert 60 <= statistics.median(early_s) <= 300
    assert sum(-3600 < value < -30 for value in early_s) >= 1
    assert all(-3600 < value < 900 for value in early_s)


def test_calls_come_by_a_curve_and_nearly_all_are_answered_in_half_a_minute():
    hours = Counter(
        (speech.at - midnight_of(DAY, ZONE)) // (3600 * SECOND)
        for speech in said_on(DAY)
        if isinstance(speech, CallerJoinedQueue)
    )
    assert set(hours) == set(range(8, 21))
    assert hours[15] == max(hours.values())
    assert hours[10] > hours[12] * 0.9
    answered = [speech.held_s for speech in said_on(DAY) if isinstance(speech, CallAnswered)]
    given_up = sum(isinstance(speech, CallerGaveUp) for speech in said_on(DAY))
    assert 0.85 < sum(held_s <= 30 for held_s in answered) / len(answered) < 0.995
    assert 0.002 < given_up / (given_up + len(answered)) < 0.10


def test_talks_are_long_tailed_about_the_queues_median():
    for kind in QUEUES:
        talks = [
            speech.talked_s
            for n in range(3)
            for speech in said_on(DAY + timedelta(days=n))
            if isinstance(speech, CallOver) and speech.caller.queue == kind.name
        ]
        assert 0.9 * kind.talk_s_median < statistics.median(talks) < 1.1 * kind.talk_s_median
        assert statistics.mean(talks) > 1.1 * statistics.median(talks)


def test_a_phone_is_rung_only_when_it_is_free_unpaused_and_past_its_wrap_up():
    wrap_up_us = {kind.name: kind.wrap_up_s * SECOND for kind in QUEUES}
    paused: dict[tuple[str, str], bool] = {}
    status: dict[str, int] = {}
    free_from: dict[str, int] = defaultdict(int)
    rung = 0
    for speech in said_on(DAY):
        match speech:
            case MemberSaid():
                paused[speech.phone.interface, speech.queue] = speech.paused
                status[speech.phone.interface] = speech.status
            case CallOver():
                free_from[speech.leg.phone.interface] = speech.at + wrap_up_us[speech.caller.queue]
            case PhoneRung():
                interface = speech.leg.phone.interface
                assert not paused[interface, speech.caller.queue]
                assert status[interface] == 1
                assert speech.at >= free_from[interface] - SECOND // 1000  # less what separates two things said
                rung += 1
    assert rung > 2_000


def test_every_kind_of_trouble_turns_up_within_some_days():
    kinds: Counter[str] = Counter()
    for n in range(DAYS):
        for speech in said_on(DAY + timedelta(days=n)):
            match speech:
                case MemberSaid(event="QueueMemberPause", paused=True):
                    kinds[speech.reason] += 1
                    kinds["paused during a call"] += speech.in_call
                case MemberSaid(event="QueueMemberRemoved"):
                    kinds["removed during a call"] += speech.in_call
                    kinds["removed while paused"] += speech.paused
                case CallOver():
                    kinds["bare end"] += speech.bare
                case CallerGaveUp() | PhoneRangOut() | PeerHeard():
                    kinds[type(speech).__name__] += 1
    expected = {"toilet", "water", "ticket", "transaction", "meal", "training", "Auto-Pause"}
    expected |= {"paused during a call", "removed during a call", "bare end"}
    expected |= {"CallerGaveUp", "PhoneRangOut", "PeerHeard"}
    assert expected <= {kind for kind, count in kinds.items() if count}


class Clocked:
    """One agent's day, counted as plainly as can be: signed in, paused in all queues and not talking, by reason."""

    def __init__(self) -> None:
        self.signed_in = self.aux = self.left_out = 0
        self.pauses: list[int] = []
        self._rows: dict[str, MemberSaid] = {}
        self._talking = False
        self._at = 0
        self._pause = 0

    def hear(self, speech: MemberSaid | CallAnswered | CallOver) -> None:
        self._count(speech.at - self._at)
        self._at = speech.at
        if isinstance(speech, MemberSaid):
            if speech.event == "QueueMemberRemoved":
                del self._rows[speech.queue]
            else:
                self._rows[speech.queue] = speech
        else:
            self._talking = isinstance(speech, CallAnswered)

    def _count(self, us: int) -> None:
        rows = list(self._rows.values())
        if not rows and not self._talking:
            return
        self.signed_in += us
        if self._talking:
            return
        if all(row.paused for row in rows):
            if rows[0].reason in ("meal", "training", "Auto-Pause"):
                self.left_out += us
            else:
                self.aux += us
        elif rows[0].status == 5:
            self.left_out += us

    @property
    def ratio(self) -> float:
        return self.aux / (self.signed_in - self.left_out)


def ratios_on(day: date) -> dict[str, float]:
    clocks: dict[str, Clocked] = defaultdict(Clocked)
    for speech in said_on(day):
        if isinstance(speech, MemberSaid):
            clocks[speech.phone.interface].hear(speech)
        elif isinstance(speech, CallAnswered | CallOver):
            clocks[speech.leg.phone.interface].hear(speech)
    return {interface: clock.ratio for interface, clock in clocks.items()}


def test_a_few_use_under_one_per_cent_most_around_three_and_a_long_tail_over_ten():
    days: dict[str, list[float]] = defaultdict(list)
    for n in range(DAYS):
        for interface, ratio in ratios_on(DAY + timedelta(days=n)).items():
            days[interface].append(ratio)
    ratios = [statistics.median(values) for values in days.values()]
    assert len(ratios) == 60
    share = {
        "under 1 %": sum(ratio < 0.01 for ratio in ratios) / 60,
        "around 3 %": sum(0.015 < ratio < 0.06 for ratio in ratios) / 60,
        "over 10 %": sum(ratio > 0.10 for ratio in ratios) / 60,
    }
    assert 0.03 <= share["under 1 %"] <= 0.15
    assert 0.70 <= share["around 3 %"] <= 0.90
    assert 0.05 <= share["over 10 %"] <= 0.15
    assert 0.025 <= statistics.median(ratios) <= 0.037
    assert max(ratios) > 0.13


def test_some_forget_to_unpause_and_meals_take_half_an_hour_or_more():
    pauses: dict[str, list[float]] = defaultdict(list)
    for n in range(DAYS):
        began: dict[str, MemberSaid] = {}
        for speech in said_on(DAY + timedelta(days=n)):
            if not isinstance(speech, MemberSaid) or speech.event != "QueueMemberPause" or speech.queue == "sales":
                continue
            interface = speech.phone.interface
            if speech.paused:
                began.setdefault(interface, speech)
            elif interface in began:
                first = began.pop(interface)
                pauses[first.reason].append((speech.at - first.at) / SECOND)
    assert 30 * 60 <= statistics.median(pauses["meal"]) <= 44 * 60
    aux = [s for reason in ("toilet", "water", "ticket", "transaction") for s in pauses[reason]]
    assert 100 <= statistics.median(aux) <= 260
    assert 1 <= sum(s > 900 for s in aux) <= 0.05 * len(aux)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
def test_a_day_belongs_to_its_time_zone(zone):
    for day in (date(2026, 3, 29), date(2026, 11, 1)):
        at = [speech.at for speech in speech_of_day(staff(6, 1), day, ZoneInfo(zone), 1)]
        assert (
            midnight_of(day, ZoneInfo(zone)) <= at[0] <= at[-1] < midnight_of(day + timedelta(days=1), ZoneInfo(zone))
        )
