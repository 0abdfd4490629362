"""Gaps between AMI captures, filled from queue_log."""

from io import BytesIO

import pytest

from ccd.daemon.switches.seam import pauses_of
from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallerJoined,
    CallOffered,
    Device,
    Lost,
    MemberPaused,
    PbxEvent,
    Waiting,
)
from ccd.pbx.captured import Capture
from ccd.pbx.fill import END, Logged, fill, fill_since
from tests.floor.floors import (
    SEAT,
    S,
    added,
    connected,
    device,
    ended,
    heard,
    lost,
    member,
    missed,
    offered,
    only_record,
    paused,
    snapshot,
    tell,
    unpaused,
)
from tests.pbx.spoken import LOGIN, T0, answer, event, pause, pong, row

STREAM = [added(1), paused(10.4, "toilet"), lost(10.5), snapshot(60.2, member()), paused(80, "water")]


def logged(*events: PbxEvent) -> list[PbxEvent]:
    """The log from before the gap to after it, so that it reaches over the whole of it."""
    return [added(1), *events, paused(80, "water")]


def test_a_gap_the_log_knows_is_none() -> None:
    events = list(fill(STREAM, logged(paused(10, "toilet"), unpaused(30))))
    assert tell(*events).line() == [(1, "available"), (10.4, "paused"), (30, "available"), (80, "paused")]
    record = only_record(*events, until=90)
    assert (record.unobserved, record.pauses, dict(record.paused)) == (0, 2, {"toilet": 19_600_000, "water": 10 * S})


def test_what_ami_told_stands_and_is_told_once() -> None:
    events = list(fill(STREAM, logged(paused(10, "toilet"), unpaused(30), paused(50, "ticket"), unpaused(60))))
    assert [e.at / S for e in events if isinstance(e, MemberPaused)] == [10.4, 30, 50, 60, 80]


def test_a_line_of_the_gaps_first_second_comes_after_what_was_told() -> None:
    events = list(fill(STREAM, logged(paused(10, "toilet"), unpaused(10))))
    assert tell(*events).line() == [(1, "available"), (10.4, "paused"), (10.5, "available"), (80, "paused")]


def test_what_ami_told_at_the_end_of_a_second_and_the_log_wrote_in_the_next_is_told_once() -> None:
    stream = [added(1), offered(5), missed(7), offered(9.9), connected(9.98), lost(9.98), snapshot(60, member())]
    log = [added(1), offered(5), missed(7), offered(10), connected(10), ended(20), paused(80)]
    record = only_record(*fill(stream, log), until=90)
    assert (record.offered, record.answered, record.missed) == (2, 1, 1)
    stream = [added(1), offered(5), missed(9.99), lost(9.99), snapshot(60, member())]
    assert only_record(*fill(stream, [added(1), offered(5), missed(10), paused(80)]), until=90).missed == 1


def test_what_the_log_wrote_at_the_end_of_a_second_and_ami_told_in_the_next_is_told_once() -> None:
    stream = [snapshot(9.95), added(10.01), lost(12), snapshot(60, member())]
    assert only_record(*fill(stream, [added(9), paused(80)]), until=90).sign_ins == 1
    stream = [added(1), paused(11.01, "toilet"), lost(11.02), snapshot(60, member())]
    log = [added(1), paused(10, "toilet"), unpaused(10), paused(80)]  # the second in the gap, below the late one
    assert tell(*fill(stream, log)).line()[1:3] == [(11.01, "paused"), (11.02, "available")]


def test_what_is_told_in_the_second_after_a_gap_hides_nothing_like_it_inside() -> None:
    stream = [added(1), lost(50), snapshot(60.2, member(paused=True)), unpaused(60.3), paused(60.5), unpaused(70)]
    log = [added(1), paused(59), unpaused(60), paused(60), unpaused(70)]
    assert tell(*fill(stream, log)).line() == [
        (1, "available"), (59, "paused"), (60.3, "available"), (60.5, "paused"), (70, "available"),
    ]  # fmt: skip


def test_of_two_gaps_in_a_second_each_line_fills_one_and_what_stands_below_a_told_line_comes_after_it() -> None:
    stream = [snapshot(10.1), added(10.3), lost(10.3), snapshot(10.5, member(paused=True, reason="toilet"))]
    stream += [lost(10.5), snapshot(12, member()), paused(80)]
    log = [added(10), paused(10, "toilet"), unpaused(11), paused(80)]
    events = list(fill(stream, log))
    assert [e.at / S for e in events if isinstance(e, MemberPaused)] == [10.3, 11, 80]
    assert only_record(*events, until=90).pauses == 2


def test_of_two_gaps_in_a_second_the_snapshot_between_them_says_which_one_a_line_fills() -> None:
    stream = [added(1), lost(9.5), snapshot(10.1, member()), lost(10.1)]
    stream += [snapshot(10.8, member(paused=True, reason="toilet")), paused(80, "water")]
    record = only_record(*fill(stream, logged(paused(10, "toilet"))), until=90)
    assert (record.unobserved, record.pauses, record.paused["toilet"]) == (0, 1, 69_900_000)
    stream[2] = snapshot(10.1, member(paused=True))  # an Asterisk that names no reason
    assert tell(*fill(stream, logged(paused(10, "toilet")))).line()[1] == (10, "paused")


def test_of_two_gaps_in_a_second_no_guess_says_which_one_a_line_fills() -> None:
    guess = snapshot(10.1, member(), spoke=frozenset({(SEAT, "support")}))
    stream = [added(1), lost(9.5), guess, paused(10.2, "meal"), lost(10.3)]
    stream += [snapshot(10.8, member(paused=True, reason="meal")), paused(80, "water")]
    record = only_record(*fill(stream, logged(paused(10, "toilet"), paused(10, "meal"))), until=90)
    assert dict(record.paused) == {"toilet": 200_000, "meal": 69_800_000, "water": 10 * S}


def test_of_two_gaps_in_a_second_the_first_has_what_no_snapshot_denies() -> None:
    stream = [added(1), connected(5), lost(9.5), snapshot(10.1, member()), lost(10.1), snapshot(10.8, member())]
    log = [added(1), connected(5), ended(10), paused(80)]
    assert tell(*fill([*stream, paused(80)], log)).line()[1:3] == [(5, "on_call"), (10, "wrap_up")]


def test_an_offer_whose_time_the_log_reckons_from_whole_seconds_is_the_one_that_ami_told_or_did_not_hear() -> None:
    log = [
        added(1),
        offered(9.9),
        missed(12),
        offered(29.2, "c2"),
        missed(32, "c2"),
        offered(61, "c3"),
        missed(64, "c3"),
    ]
    stream = [
        added(1),
        lost(8),
        snapshot(10.3, member()),
        offered(10.7),
        missed(12.9),
        lost(30.1),
    ]  # c1, a second later
    stream += [snapshot(60.5, member(), waiting=(Waiting("c3", "support", 0),)), missed(64.2, "c3")]
    events = list(fill(stream, log))
    assert [(e.call, e.at / S) for e in events if isinstance(e, CallOffered)] == [
        ("c1", 10.7),
        ("c2", 30.1),
        ("c3", 60.5),
    ]
    assert only_record(*events, until=90).missed == 3


def test_an_offer_comes_after_its_caller_and_so_after_what_ami_told_before_the_gap() -> None:
    stream = [snapshot(10.1), added(10.3), lost(10.4), snapshot(30, member())]
    log = [added(10), CallerJoined(10 * S, 0, "support", "c1"), offered(10), missed(12), paused(80)]
    assert tell(*fill(stream, log)).line()[:3] == [(10.3, "available"), (10.4, "ringing"), (12, "available")]


def test_a_connect_comes_after_the_offer_that_ami_told() -> None:
    stream = [
        added(1),
        lost(9),
        snapshot(10.4, member()),
        offered(10.6),
        lost(10.6),
        snapshot(11.1, member(in_call=True)),
    ]
    log = [added(1), offered(10), connected(10), ended(20), paused(80)]
    assert tell(*fill(stream, log)).line()[:4] == [
        (1, "available"), (10.6, "on_call"), (20, "wrap_up"), (30, "available"),
    ]  # fmt: skip


def test_a_log_whose_last_line_is_of_the_second_in_which_the_gap_ends_is_not_silent() -> None:
    stream = [added(1), lost(10.5), snapshot(60.2, member()), paused(60.4)]
    assert tell(*fill(stream, [added(1), paused(60)])).line() == [(1, "available"), (60.4, "paused")]


def test_what_was_told_in_the_second_before_a_gap_hides_nothing_like_it_inside() -> None:
    stream = [added(1), paused(8.1, "toilet"), unpaused(9.2), lost(9.3), snapshot(60, member())]
    log = [added(1), paused(8, "toilet"), unpaused(9), paused(9, "toilet"), unpaused(30), paused(80)]
    assert tell(*fill(stream, log)).line()[1:5] == [
        (8.1, "paused"),
        (9.2, "available"),
        (9.3, "paused"),
        (30, "available"),
    ]


def test_an_end_is_the_same_whatever_its_call_is_called() -> None:
    stream = [added(1), connected(2, "a"), connected(3, "b"), ended(10.2, None), lost(10.3), snapshot(60, member())]
    log = [added(1), connected(2, "a"), connected(3, "b"), ended(10, "a"), ended(20, "b"), paused(80)]
    assert tell(*fill(stream, log)).line()[1:3] == [(2, "on_call"), (20, "wrap_up")]


def test_the_snapshot_after_a_filled_gap_is_held_against_it() -> None:
    events = list(fill(STREAM, logged(paused(10, "toilet"))))
    # Unobserved from the seat's last word: whoever lifted the pause told neither AMI nor the log.
    assert tell(*events).line() == [(1, "available"), (10.4, "unobserved"), (60.2, "available"), (80, "paused")]


@pytest.mark.parametrize(
    ("now", "word", "line"),
    [
        pytest.param([row()], pause(60.3, 0), unpaused(T0 + 30), id="unpaused a second time"),
        pytest.param(
            [row(Paused=1, PausedReason="meal")], pause(60.3, 1, "meal"), paused(T0 + 30, "water"), id="a third reason"
        ),
        pytest.param([], event("QueueMemberRemoved", 60.3), paused(T0 + 30, "water"), id="signed out while paused"),
    ],
)
def test_a_pause_that_the_first_answer_guesses_from_the_words_after_it_is_as_the_log_left_it(
    now: list[bytes], word: bytes, line: PbxEvent
) -> None:
    before = LOGIN + pong(1) + answer(row(Paused=1, PausedReason="toilet")) + pong(2) + pong(10)
    after = LOGIN + pong(60.2) + word + answer(*now) + pong(61) + pong(70)
    capture = Capture()
    told_by_ami = [*capture.connection(BytesIO(before)), *capture.connection(BytesIO(after))]
    told = tell(*fill(told_by_ami, [paused(T0, "toilet"), line, paused(T0 + 80)]))
    assert "unobserved" not in [state for _, state in told.line()]
    assert told.segments[1].start == line.at


def test_where_the_log_falls_silent_the_gap_goes_on() -> None:
    events = list(fill(STREAM, [added(1), paused(10, "toilet"), unpaused(30)]))
    assert Lost(30 * S) in events
    assert tell(*events).line() == [(1, "available"), (10.4, "paused"), (30, "unobserved"), (60.2, "available"),
                                    (80, "paused")]  # fmt: skip


def test_a_restart_inside_a_gap_is_one_from_the_last_word_of_either_and_no_call_outlives_it() -> None:
    stream = [added(1), connected(20, queue="sales"), heard(40), lost(40), snapshot(60.2, member()), heard(90)]
    restart: list[PbxEvent] = [lost(20), heard(50)]  # the log has not written since the connect
    events = list(fill(stream, [added(1), connected(20, queue="sales"), *restart, paused(80, "water")]))
    assert tell(*events).line() == [(1, "available"), (20, "on_call"), (40, "unobserved"), (60.2, "available")]
    events = list(fill(stream, [added(1), connected(20), ended(45), *[lost(45), heard(50)], paused(80, "water")]))
    assert tell(*events).line()[1:3] == [(20, "on_call"), (45, "unobserved")]


def test_a_restart_that_is_written_after_the_first_answers_is_of_the_gap_before_them() -> None:
    begins = [added(1), connected(20, queue="sales")]
    stream = [*begins, lost(40), snapshot(60.9, member())]

    def started(at: float) -> list[PbxEvent]:
        return [*begins, lost(20), heard(at), paused(95)]

    line = [(1, "available"), (20, "on_call"), (40, "unobserved"), (60.9, "available"), (95, "paused")]
    assert tell(*fill([*stream, heard(90), paused(95)], started(62))).line() == line
    one_more = [*stream, lost(63.5), snapshot(70, member()), paused(95)]  # which the log fills: no start is of that one
    assert tell(*fill(one_more, started(62))).line() == line
    # What is of the second in which the next gap begins can be of that one.
    assert (63.5, "unobserved") in tell(*fill(one_more, started(63))).line()
    # Nor is one that comes when nobody listens any more, however soon after the snapshot.
    line = [(1, "available"), (20, "on_call"), (65, "unobserved"), (95, "paused")]
    assert tell(*fill([*stream, heard(65)], started(70))).line() == line


def test_a_restart_before_amis_first_word_is_a_gap_from_the_logs_last_line() -> None:
    log = [lost(3), heard(4), added(5), lost(7), heard(9)]  # the first was before anybody was there
    events = list(fill([snapshot(20, member()), paused(30)], log))
    assert events[:5] == [lost(3), heard(4), added(5), lost(7), heard(9)]
    assert tell(*events).line() == [(5, "available"), (7, "unobserved"), (20, "available"), (30, "paused")]


def test_a_restart_that_ami_lived_through_is_no_second_gap() -> None:
    stream = [added(1), lost(10), snapshot(15, member()), heard(40), lost(40), snapshot(60, member()), paused(80)]
    log = [added(1), lost(1), heard(12), paused(41), unpaused(45), paused(80)]
    assert tell(*fill(stream, log)).line()[:5] == [
        (1, "available"), (10, "unobserved"), (15, "available"), (41, "paused"), (45, "available"),
    ]  # fmt: skip


def test_a_log_that_begins_inside_the_gap_tells_of_who_speaks() -> None:
    events = list(fill(STREAM, [unpaused(30), paused(80, "water")]))
    assert tell(*events).line() == [(1, "available"), (10.4, "paused"), (10.5, "unobserved"), (30, "available"),
                                    (80, "paused")]  # fmt: skip


def test_what_lies_before_the_first_word_and_after_the_last_is_the_logs() -> None:
    events = list(fill([snapshot(20, member()), paused(30, "water")], [added(5), paused(30, "water"), unpaused(40)]))
    assert tell(*events).line() == [(5, "available"), (30, "paused"), (40, "available")]


def test_without_a_log_the_gap_stays() -> None:
    assert list(fill(STREAM, [])) == STREAM


def test_a_call_that_was_rung_before_the_gap_is_offered_once() -> None:
    seat, call = ("PJSIP/1001", "Ann", "support"), "c1"
    stream = [added(1), CallOffered(9 * S, 0, *seat, call), lost(10.5), snapshot(60.2, member(device=Device.FREE))]
    log: list[PbxEvent] = [
        added(1),
        CallOffered(9 * S, 0, *seat, call),
        CallConnected(12 * S, 0, *seat, call),
        CallEnded(20 * S, 0, *seat, call),
        paused(70),
    ]
    record = only_record(*fill(stream, log), until=70)
    assert (record.offered, record.answered, record.ringing, record.on_call) == (1, 1, 3 * S, 8 * S)


def test_a_word_that_was_under_way_as_a_ping_was_answered_and_was_cut_off_is_found_in_the_log() -> None:
    stream = [added(1), paused(5, "toilet"), heard(10.005), lost(10.005)]
    stream += [snapshot(60.2, member(paused=True, reason="toilet")), heard(65), paused(80, "water")]
    log = [added(1), paused(5, "toilet"), unpaused(9), paused(50, "toilet"), paused(80, "water")]
    line = tell(*fill(stream, log)).line()
    assert line[:4] == [(1, "available"), (5, "paused"), (10.005, "available"), (50, "paused")]


def test_an_end_that_names_its_call_is_no_others() -> None:
    """Two calls end on a telephone in one second, the first of them in the gap."""
    stream = [added(1), connected(2, "a"), lost(10), snapshot(60.1, member()), connected(60.3, "b")]
    stream += [ended(60.8, "b"), heard(90)]
    log = [added(1), connected(2, "a"), ended(60, "a"), connected(60, "b"), ended(60, "b"), paused(90)]
    assert tell(*fill(stream, log)).line()[-2] == (70.8, "available")


def test_what_stands_above_a_line_that_ami_told_was_before_it() -> None:
    """Added in the second of the first answer, before it; the gap begins in that second, too."""
    told = [snapshot(50.5, member()), paused(50.6, "toilet"), lost(50.7)]
    held = [snapshot(60.5, member(paused=True, reason="toilet")), heard(90)]
    log = Logged([added(50), paused(50, "toilet"), unpaused(95)], [*told, *held], (0, END))
    events = fill_since(50_700_000, held, log, pauses_of(tell(*told).floor.state))
    assert tell(*told, *events).line() == [(50.5, "available"), (50.6, "paused")]


def test_a_telephone_that_was_in_use_for_a_queues_call_is_free_as_that_ends() -> None:
    in_use = device(5.1, Device.IN_USE, in_call=True)
    stream = [added(1), offered(2), connected(5), in_use, lost(10), snapshot(600.2, member()), paused(700)]
    log = [added(1), offered(2), connected(5), ended(60), paused(700)]
    line = tell(*fill(stream, log)).line()
    assert line[2:] == [(5, "on_call"), (60, "wrap_up"), (70, "available"), (700, "paused")]


@pytest.mark.parametrize(("telephone", "state"), [(Device.IN_USE, "other_call"), (Device.UNREACHABLE, "unreachable")])
def test_how_long_a_telephone_did_anything_else_is_not_known(telephone: Device, state: str) -> None:
    stream = [added(1), device(5, telephone), lost(10), snapshot(600.2, member()), paused(700)]
    assert tell(*fill(stream, [added(1), paused(700)])).line()[1:] == [
        (5, state), (10, "unobserved"), (600.2, "available"), (700, "paused"),
    ]  # fmt: skip
    told = tell(*fill(stream, [added(1), paused(60, "meal"), unpaused(90), paused(700)]))
    assert told.line()[1:] == [
        (5, state), (10, "unobserved"), (60, "paused"), (90, "available"), (700, "paused"),
    ]  # fmt: skip
