"""Gaps between AMI captures, filled from queue_log."""

from ccd.floor.events import CallConnected, CallEnded, CallOffered, Device, Lost, MemberPaused, PbxEvent
from ccd.pbx.fill import fill
from tests.floor.floors import S, added, lost, member, only_record, paused, snapshot, tell, unpaused

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


def test_the_snapshot_after_a_filled_gap_is_held_against_it() -> None:
    events = list(fill(STREAM, logged(paused(10, "toilet"))))
    # Unobserved from the seat's last word: whoever lifted the pause told neither AMI nor the log.
    assert tell(*events).line() == [(1, "available"), (10.4, "unobserved"), (60.2, "available"), (80, "paused")]


def test_where_the_log_falls_silent_the_gap_goes_on() -> None:
    events = list(fill(STREAM, [added(1), paused(10, "toilet"), unpaused(30)]))
    assert Lost(30 * S) in events
    assert tell(*events).line() == [(1, "available"), (10.4, "paused"), (30, "unobserved"), (60.2, "available"),
                                    (80, "paused")]  # fmt: skip


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
