"""Which state a seat's facts mean (docs/time-bank.md 2.1): one story a row of the table, and the rules beside it."""

import pytest

from ccd.floor.events import Device, PbxEvent
from ccd.floor.rules import QueueRule, SeatRules
from tests.floor.floors import (
    added,
    connected,
    device,
    ended,
    heard,
    left,
    logged,
    member,
    missed,
    offered,
    paused,
    removed,
    snapshot,
    tell,
    unpaused,
)

Line = list[tuple[float, str]]


def check(events: list[PbxEvent], line: Line, seat: str = "PJSIP/1001", **rules: object) -> None:
    queues = {"support": QueueRule(wrap_up_s=10), "idle": QueueRule(counts=False), "sales": QueueRule()}
    assert tell(*events, rules=SeatRules(queues=queues, **rules)).line(seat) == line  # type: ignore[arg-type]  # shorthand


@pytest.mark.parametrize(
    ("events", "line"),
    [
        pytest.param([added(1), removed(5)], [(1, "available"), (5, "signed_out")], id="a member is signed in"),
        pytest.param([added(1, "idle")], [], id="a queue that does not count signs nobody in"),
        pytest.param(
            [added(1), added(2, "sales"), removed(3), removed(4, "sales")],
            [(1, "available"), (4, "signed_out")],
            id="leaving the last queue signs out",
        ),
        pytest.param(
            [added(1), paused(2, "toilet"), unpaused(5)],
            [(1, "available"), (2, "paused"), (5, "available")],
            id="a pause in the only queue",
        ),
        pytest.param(
            [added(1), added(2, "sales"), paused(3), paused(4, queue="sales"), unpaused(6, queue="sales")],
            [(1, "available"), (4, "paused"), (6, "available")],
            id="paused means in every queue that counts",
        ),
        pytest.param(
            [added(1), added(1, "idle"), paused(2)],
            [(1, "available"), (2, "paused")],
            id="a queue that does not count does not end a pause",
        ),
        pytest.param(
            [added(1), offered(2), connected(4), ended(9), heard(30)],
            [(1, "available"), (2, "ringing"), (4, "on_call"), (9, "wrap_up"), (19, "available")],
            id="a call, and its queue's wrap-up",
        ),
        pytest.param(
            [added(1), offered(2), paused(3), connected(4), ended(9), unpaused(12)],
            [(1, "available"), (2, "ringing"), (4, "on_call"), (9, "paused"), (12, "wrap_up")],
            id="a pause while it rings waits for the call's end, and covers the wrap-up",
        ),
        pytest.param(
            [added(1), offered(2), connected(4), removed(5), ended(9)],
            [(1, "available"), (2, "ringing"), (4, "on_call"), (9, "signed_out")],
            id="who is removed during a call stays signed in until it ends",
        ),
        pytest.param(
            [added(1), offered(2), missed(22), offered(23)],
            [(1, "available"), (2, "ringing"), (22, "available"), (23, "ringing")],
            id="an offer that rings out",
        ),
        pytest.param(
            [added(1), offered(2), left(3, abandoned=True)],
            [(1, "available"), (2, "ringing"), (3, "available")],
            id="an offer whose caller gives up",
        ),
        pytest.param(
            [added(1), offered(2), left(3), device(4, Device.RINGING), device(5, Device.FREE)],
            [(1, "available"), (2, "ringing"), (5, "available")],
            id="an offer whose caller left ends with the first status that neither rings nor talks",
        ),
        pytest.param(
            [added(1), offered(2), device(4, Device.FREE), connected(6)],
            [(1, "available"), (2, "ringing"), (6, "on_call")],
            id="a status ends no offer while the caller waits",
        ),
        pytest.param(
            [added(1), offered(2), connected(4), offered(9, "c2"), ended(10), connected(11, "c2")],
            [(1, "available"), (2, "ringing"), (4, "on_call"), (10, "ringing"), (11, "on_call")],
            id="a new offer ends no call",
        ),
        pytest.param(
            [added(1), offered(2), connected(4), ended(9), offered(12, "c2"), missed(15, "c2"), heard(40)],
            [(1, "available"), (2, "ringing"), (4, "on_call"), (9, "wrap_up"), (12, "ringing"), (15, "available")],
            id="an offer ends the wrap-up for good",
        ),
        pytest.param(
            [added(1), connected(2, "a"), connected(3, "b", "sales"), ended(5, "a"), ended(7, "b", "sales"), heard(60)],
            [(1, "available"), (2, "on_call"), (7, "wrap_up"), (15, "available")],
            id="a later call of a queue without wrap-up does not cut an earlier one's",
        ),
        pytest.param(
            [
                added(1),
                added(1, "sales", wrap_up_s=3),
                connected(2, "a"),
                connected(3, "b", "sales"),
                ended(5, "a"),
                ended(7, "b", "sales"),
                heard(60),
            ],
            [(1, "available"), (2, "on_call"), (7, "wrap_up"), (15, "available")],
            id="nor does one whose wrap-up is shorter",
        ),
        pytest.param(
            [added(1), connected(2, "a"), connected(3, "b"), ended(5, None), ended(7, "a")],
            [(1, "available"), (2, "on_call"), (7, "wrap_up")],
            id="an end that names no call ends the oldest of its queue, and two ends are of two calls",
        ),
        pytest.param(
            [added(1), connected(2, "a", "sales"), connected(3, "b"), ended(7, "another"), ended(8, "a", "sales")],
            [(1, "available"), (2, "on_call"), (8, "wrap_up")],
            id="an end that names a caller nobody was connected to ends the oldest call of its queue",
        ),
        pytest.param(
            [added(1), device(2, Device.UNREACHABLE), paused(3), unpaused(6)],
            [(1, "available"), (2, "unreachable"), (3, "paused"), (6, "unreachable")],
            id="an unplugged telephone does not stop the clock of a pause",
        ),
        pytest.param(
            [added(1), added(1, "sales"), device(2, Device.UNREACHABLE), device(3, Device.UNREACHABLE, "sales")],
            [(1, "available"), (3, "unreachable")],
            id="unreachable means in every queue",
        ),
        pytest.param(
            [added(1), device(2, Device.IN_USE), device(5, Device.FREE), device(6, Device.MIRRORED)],
            [(1, "available"), (2, "other_call"), (5, "available")],
            id="a call that is no queue call, and one that only mirrors the queue's",
        ),
        pytest.param(
            [added(1), device(2, Device.RINGING), device(5, Device.FREE)],
            [(1, "available"), (2, "ringing"), (5, "available")],
            id="a telephone that rings for another reason",
        ),
        pytest.param(
            [added(1, paused=True, reason="meal"), unpaused(4)],
            [(1, "paused"), (4, "available")],
            id="added as paused",
        ),
    ],
)
def test_the_state_is_the_first_row_that_holds(events: list[PbxEvent], line: Line) -> None:
    check(events, line)


def test_any_queue_can_be_configured_to_make_a_pause() -> None:
    check([added(1), added(1, "sales"), paused(3)], [(1, "available"), (3, "paused")], paused_in="any")


def test_a_private_call_can_be_configured_to_stop_the_clock_of_a_pause() -> None:
    story = [added(1), paused(2), device(3, Device.IN_USE), device(5, Device.FREE)]
    check(story, [(1, "available"), (2, "paused")])
    check(
        story,
        [(1, "available"), (2, "paused"), (3, "other_call"), (5, "paused")],
        other_call_while_paused="on_call",
    )


def test_an_agent_seat_is_signed_in_when_the_queue_and_the_login_both_say_so() -> None:
    seat = "Agent/1009"
    check(
        [added(1, seat=seat), logged(2, seat, True), logged(5, seat, False)],
        [(2, "available"), (5, "signed_out")],
        seat,
    )


def test_the_reason_is_the_newest_pause_still_in_force() -> None:
    told = tell(added(1), added(1, "sales"), paused(2, "toilet"), paused(3, "ticket", "sales"), unpaused(5, "sales"))
    assert [(s.start, s.view.reason) for s in told.segments if s.view.pause] == [
        (2_000_000, "toilet"),
        (3_000_000, "ticket"),
        (5_000_000, "toilet"),
    ]


def test_what_cannot_be_is_counted_with_event_and_state_and_not_done() -> None:
    told = tell(added(1), paused(2, queue="sales"), ended(3), removed(4, "sales"))
    assert told.line() == [(1, "available")]
    assert {(r.event, r.state.name): n for r, n in told.floor.rejected.items()} == {
        ("MemberPaused", "AVAILABLE"): 1,
        ("CallEnded", "AVAILABLE"): 1,
        ("MemberRemoved", "AVAILABLE"): 1,
    }


@pytest.mark.parametrize(
    ("events", "line"),
    [
        pytest.param(
            [added(1), removed(5, "sales"), paused(4)],
            [(1, "available"), (5, "paused")],
            id="its time has come: what is said later of an earlier moment applies from there on",
        ),
        pytest.param(
            [added(1), connected(2), ended(3), removed(20, "sales")],
            [(1, "available"), (2, "on_call"), (3, "wrap_up"), (13, "available")],
            id="a wrap-up that was to end by then has ended",
        ),
        pytest.param(
            [added(1), offered(2), left(3), device(5, Device.FREE, "sales")],
            [(1, "available"), (2, "ringing"), (5, "available")],
            id="a telephone that is free rings for nobody who has left, whichever queue says so",
        ),
    ],
)
def test_what_cannot_be_still_proves_its_time_and_what_it_says_of_calls(events: list[PbxEvent], line: Line) -> None:
    told = tell(*events)
    assert told.line() == line
    assert sum(told.floor.rejected.values()) == 1


def test_a_call_connected_twice_is_rejected_and_no_more_doubted() -> None:
    denied = member(device=Device.FREE, in_call=False)
    story = [added(1), connected(2), snapshot(10, denied), connected(15), snapshot(20, denied)]
    told = tell(*story)
    assert told.line() == [(1, "available"), (2, "on_call")]
    assert sum(told.floor.rejected.values()) == 1
    assert tell(*story[:3], *story[4:]).line()[-1][1] == "available", "without it the second denial ends the call"


def test_an_event_older_than_the_seats_last_applies_at_the_lasts_time() -> None:
    check([added(1), paused(5), unpaused(4), paused(9)], [(1, "available"), (9, "paused")])


def test_a_call_taken_by_another_stops_the_ringing_here() -> None:
    other = "PJSIP/1002"
    told = tell(added(1), added(1, seat=other), offered(2), offered(2, seat=other), connected(5, seat=other))
    assert told.line() == [(1, "available"), (2, "ringing"), (5, "available")]
    assert told.line(other) == [(1, "available"), (2, "ringing"), (5, "on_call")]
