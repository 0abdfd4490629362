"""Captured streams as events: where a snapshot is placed, what a gap is, and that an answer overtakes nobody."""

from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallOffered,
    DeviceChanged,
    Heard,
    Lost,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    Snapshot,
    Waiting,
)
from ccd.pbx.blocks import Blocks
from ccd.pbx.captured import Capture, told_up_to
from ccd.pbx.evidence import Evidence
from ccd.pbx.observation import Observation
from ccd.pbx.translate import Flaw, Flawed, Scope, Translator
from tests.pbx.said_log import SaidLog
from tests.pbx.spoken import BANNER, LOGIN, SEAT, T0, answer, block, event, pause, pong, row, us

CAPTURES = Path(__file__).parent / "captures"
NOISE = "Event: DeviceStateChange"


def told(*streams: bytes) -> list[Any]:
    capture = Capture()
    return [event for stream in streams for event in capture.connection(BytesIO(stream))]


def the_snapshot(events: list[Any]) -> Snapshot:
    [snapshot] = [event for event in events if isinstance(event, Snapshot)]
    return snapshot


@pytest.mark.parametrize("version", ["16", "22"])
def test_two_real_asterisks_tell_the_same_story(version):
    capture = Capture()
    events = list(capture.read([CAPTURES / f"{version}.ami"]))
    counted = Counter(type(event).__name__ for event in events)
    assert counted == {
        "Snapshot": 3,
        "MemberAdded": 3,
        "MemberPaused": 14,
        "MemberRemoved": 2,
        "CallOffered": 2,
        "CallConnected": 2,
        "CallEnded": 2,
        "CallerJoined": 3,
        "CallerLeft": 4,
        "DeviceChanged": 8,
        "AgentLogged": 2,
    }
    assert isinstance(events[0], Snapshot)
    assert [member.seat for member in events[0].members] == ["Local/2001@agents/n"]
    assert [event.reason for event in events if isinstance(event, MemberPaused) and event.paused] == [
        "toilet", "ticket", "water", "water", "", "", "ticket", "ticket", "duringcall", "duringcall",
    ]  # fmt: skip
    assert capture.dropped == 0
    assert not capture.rejected


def test_a_restart_without_anything_stamped_leaves_the_gap_open():
    events = list(Capture().read([CAPTURES / "22.ami", CAPTURES / "22.afterrestart.ami"]))
    logoff = [event for event in events if isinstance(event, AgentLogged)][-1]
    assert events[-1] == Lost(logoff.at)


def test_the_first_snapshot_stands_at_the_first_stamp_after_login_even_of_an_event_that_is_filtered():
    events = told(LOGIN + answer(row()) + block(NOISE, 1.0) + pause(2.0))
    assert [type(event) for event in events] == [Snapshot, MemberPaused]
    assert events[0].at == us(1.0)
    assert [member.seat for member in events[0].members] == [SEAT]


def test_a_stamp_before_the_answer_is_where_observation_starts():
    events = told(LOGIN + pong(0.5) + answer(row()) + block(NOISE, 1.0) + pause(2.0))
    assert the_snapshot(events).at == us(0.5)


def test_what_was_said_between_login_and_the_answer_is_told_after_the_snapshot_which_is_wound_back():
    paused_now = row(Paused=1, PausedReason="meal")
    added_now = row("PJSIP/1002")
    stream = block(NOISE, 0.1) + pause(0.2, 1, "meal") + event("QueueMemberAdded", 0.3, seat="PJSIP/1002", Paused=0)
    stream += event("QueueMemberRemoved", 0.4, seat="PJSIP/1003")
    events = told(LOGIN + stream + answer(paused_now, added_now) + block(NOISE, 5.0) + block(NOISE, 9.0))
    assert [type(event) for event in events] == [Snapshot, MemberPaused, MemberAdded, MemberRemoved]
    snapshot = events[0]
    assert snapshot.at == us(0.1)
    assert {(member.seat, member.paused) for member in snapshot.members} == {(SEAT, False), ("PJSIP/1003", False)}


def test_an_unpause_that_the_first_answer_overtook_was_a_pause_before():
    events = told(LOGIN + answer(row()) + block(NOISE, 1.0) + pause(1.1, 0) + block(NOISE, 9.0))
    assert [(member.paused, member.reason) for member in the_snapshot(events).members] == [(True, "")]
    assert the_snapshot(events).spoke == {(SEAT, "support")}
    assert events[-1] == MemberPaused(us(1.1), 0, SEAT, "Ann", "support", False, "")


@pytest.mark.parametrize(
    ("found", "words", "before"),
    [
        pytest.param(
            row(), pause(1.1, 0) + pause(1.2, 1, "meal"), (False, ""), id="unpaused everywhere, though not paused"
        ),
        pytest.param(row(Paused=1, PausedReason="toilet"), pause(1.1, 1, "meal"), (True, "toilet"), id="a new reason"),
        pytest.param(row(Paused=1), pause(1.1, 0), (True, ""), id="a pause that is lifted"),
    ],
)
def test_a_row_that_does_not_say_what_its_words_left_was_written_before_them(found, words, before):
    snapshot = the_snapshot(told(LOGIN + answer(found) + block(NOISE, 1.0) + words + block(NOISE, 9.0)))
    assert [(member.paused, member.reason) for member in snapshot.members] == [before]
    assert snapshot.spoke == set()


def test_a_call_that_ended_while_the_first_answer_was_on_its_way_was_there_before():
    complete = event("AgentComplete", 0.2, Uniqueid="1.1")
    events = told(LOGIN + block(NOISE, 0.1) + complete + answer(row(InCall=0)) + block(NOISE, 3.0) + block(NOISE, 4.0))
    assert [type(event) for event in events] == [Snapshot, CallEnded]
    assert [member.in_call for member in events[0].members] == [True]


def test_a_later_answer_stands_at_the_next_stamp_and_names_who_spoke_around_it():
    stream = LOGIN + answer(row()) + block(NOISE, 1.0) + block(NOISE, 2.0)
    stream += answer(row(Paused=1), row("PJSIP/1002")) + block(NOISE, 3.0) + pause(3.2, 1, "meal") + block(NOISE, 4.0)
    stream += pause(5.0, 0)
    events = told(stream)
    assert [type(event) for event in events] == [Snapshot, Snapshot, MemberPaused, MemberPaused]
    assert events[1].at == us(3.0)
    assert events[1].spoke == {(SEAT, "support")}
    assert {member.seat for member in events[1].members} == {SEAT, "PJSIP/1002"}


def test_who_speaks_inside_an_answer_is_told_before_it():
    begin, end = answer(row()).split(block("Event: QueueStatusComplete"))[0], block("Event: QueueStatusComplete")
    stream = LOGIN + answer(row()) + block(NOISE, 1.0) + block(NOISE, 2.0) + begin + pause(2.5, 1, "meal") + end
    events = told(stream + block(NOISE, 3.0) + block(NOISE, 4.0))
    assert [type(event) for event in events] == [Snapshot, MemberPaused, Snapshot]
    assert events[-1].spoke == {(SEAT, "support")}


def test_an_answer_at_the_very_end_of_a_capture_that_nothing_stamped_follows_is_left_out():
    events = told(LOGIN + answer(row()) + block(NOISE, 1.0) + block(NOISE, 2.0) + answer())
    assert [type(event) for event in events] == [Snapshot]


def test_waiting_callers_and_logins_come_with_the_answer():
    entry = block("Event: QueueEntry", None, Queue="support", Position=1, Uniqueid="7.7", Wait=30)
    agents = block("Event: Agents", None, Agent=1009, Status="AGENT_IDLE") + block("Event: AgentsComplete")
    snapshot = the_snapshot(told(LOGIN + answer(row(), entry) + agents + block(NOISE, 40.0)))
    assert snapshot.waiting == (Waiting("7.7", "support", us(10.0)),)
    assert snapshot.logged_in == frozenset({"Agent/1009"})
    assert the_snapshot(told(LOGIN + answer(row()) + block(NOISE, 40.0))).logged_in is None


def test_a_gap_runs_from_the_last_queue_event_or_ping_to_the_first_stamp_of_the_next_file():
    first = LOGIN + answer(row()) + block(NOISE, 1.0) + pause(2.0) + block(NOISE, 8.0)
    events = told(first, LOGIN + answer(row(Paused=1)) + block(NOISE, 60.0))
    assert [type(event) for event in events] == [Snapshot, MemberPaused, Lost, Snapshot]
    assert events[2] == Lost(us(2.0))
    assert events[3].at == us(60.0)
    assert told(first + pong(9.0), LOGIN)[-1] == Lost(us(9.0))


def test_a_banner_inside_a_file_is_a_new_connection():
    once = LOGIN + answer(row()) + block(NOISE, 1.0) + pause(2.0)
    again = LOGIN + answer(row(Paused=1)) + block(NOISE, 60.0)
    assert told(once + again) == told(once, again)


def test_the_end_of_the_last_file_is_no_gap():
    assert not any(isinstance(event, Lost) for event in told(LOGIN + answer(row()) + block(NOISE, 1.0) + pause(2.0)))


def test_a_ping_is_the_pbxs_own_clock():
    assert told(LOGIN + answer(row()) + pong(1.0) + pong(3.0) + pong(5.0))[1:] == [Heard(us(3.0)), Heard(us(5.0))]


def test_a_capture_without_any_answer_is_told_as_it_is():
    events = told(BANNER + event("QueueMemberAdded", 1.0, Paused=0) + pause(2.0))
    assert [type(event) for event in events] == [MemberAdded, MemberPaused]


def test_events_without_a_time_are_rejected_and_move_nothing():
    capture = Capture()
    stream = LOGIN + answer(row()) + block(NOISE, 1.0) + event("QueueMemberPause", None, Paused=1) + block(NOISE, 2.0)
    assert [type(event) for event in capture.connection(BytesIO(stream))] == [Snapshot]
    assert sum(capture.rejected.values()) == 1


def test_a_call_in_full_is_told_in_its_order():
    call = {"Uniqueid": "1.1"}
    stream = LOGIN + answer(row()) + block(NOISE, 1.0)
    stream += event("AgentCalled", 2.0, **call) + event("QueueMemberStatus", 2.0, Status=2, InCall=0)
    stream += event("AgentConnect", 3.0, **call) + event("AgentComplete", 9.0)
    kinds = [type(event) for event in told(stream)]
    assert kinds == [Snapshot, CallOffered, DeviceChanged, CallConnected, CallEnded]


def test_what_is_stamped_far_ahead_of_us_is_rejected_and_moves_nothing():
    translator = Translator(Scope())
    observation = Observation(translator)
    observation.begin()
    observation.ask()
    observation.hear(Blocks().feed(pong(0) + answer(row())))
    assert [type(event) for event in observation.place(us(1))] == [Snapshot]
    observation.latest = us(300)
    assert observation.hear(Blocks().feed(pause(301) + pong(302))) == []
    assert translator.rejected == {Flawed("QueueMemberPause", Flaw.AHEAD): 1}
    assert observation.lose() == [Lost(us(0))], "nor does the gap begin there"


async def test_what_was_told_last_is_read_from_evidence_unless_the_log_told_some_of_it(tmp_path):
    evidence = Evidence(tmp_path, "north", SaidLog(), keep_days=1, clock=lambda: T0)
    refs = [evidence.keep(us(at), pause(at).removesuffix(b"\r\n\r\n")) for at in (1, 2)]
    filled = [evidence.keep(us(at), f"{T0 + at}|NONE|support|Ann|UNPAUSE|".encode()) for at in (1, 3)]
    refs += [evidence.keep(us(at), pause(at).removesuffix(b"\r\n\r\n")) for at in (4, 9)]
    await evidence.flush()
    read = [told_up_to(evidence.folder, ref, Scope()) for ref in (refs[1], *filled, refs[2], refs[3], refs[3] + 1)]
    assert [None if each is None else [event.at - us(0) for event in each] for each in read] == [
        [1_000_000, 2_000_000],
        None,
        None,
        None,
        [1_000_000, 2_000_000, 4_000_000, 9_000_000],
        None,
    ]
