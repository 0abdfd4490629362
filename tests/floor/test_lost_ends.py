"""Calls, offers and callers of which the switch never says the end (docs/adr/0008)."""

import pytest

from ccd.floor.events import CallerJoined, Device, PbxEvent, Waiting
from tests.floor.floors import (
    S,
    added,
    connected,
    device,
    ended,
    heard,
    left,
    lost,
    member,
    offered,
    only_record,
    paused,
    removed,
    snapshot,
    tell,
)


def another_call(connect: int, end: int, call: str = "c2") -> list[PbxEvent]:
    return [offered(connect, call), connected(connect, call), ended(end, call)]


ON_CALL = [added(1), snapshot(5, member()), connected(6)]
ON_CALL_ALL_ALONG = [(1, "available"), (6, "on_call")]


@pytest.mark.parametrize(
    ("events", "line"),
    [
        pytest.param(
            [snapshot(20, member()), snapshot(30, member())],
            [(1, "available"), (6, "unobserved"), (30, "available")],
            id="two in a row that do not know of it end it, without wrap-up: unobserved since its connect",
        ),
        pytest.param(
            [snapshot(10, member(in_call=True)), snapshot(20, member()), snapshot(30, member())],
            [*ON_CALL_ALL_ALONG, (10, "unobserved"), (30, "available")],
            id="or since the snapshot that knew of it",
        ),
        pytest.param(
            [device(12, Device.FREE, in_call=False), snapshot(20, member()), snapshot(30, member())],
            [*ON_CALL_ALL_ALONG, (12, "unobserved"), (30, "available")],
            id="or since what its telephone said last",
        ),
        pytest.param(
            [snapshot(20, member()), device(25, Device.FREE, in_call=False), snapshot(30, member())],
            [(1, "available"), (6, "unobserved"), (30, "available")],
            id="a telephone that is free between the two is no word of a live call",
        ),
        pytest.param(
            [snapshot(20, member()), device(25, Device.IN_USE), device(26, Device.FREE), snapshot(30, member())],
            [(1, "available"), (6, "unobserved"), (30, "available")],
            id="nor is one that is used for something else",
        ),
        pytest.param(
            [snapshot(20, member()), paused(25), snapshot(30, member(paused=True))],
            [*ON_CALL_ALL_ALONG, (25, "unobserved"), (30, "paused")],
            id="a pause between the two is no word of the call: unobserved from there, and paused from the second on",
        ),
        pytest.param(
            [snapshot(20, member()), *another_call(22, 26), snapshot(30, member()), heard(60)],
            [*ON_CALL_ALL_ALONG, (26, "unobserved"), (30, "wrap_up"), (36, "available")],
            id="nor is another call: until that one's end the seat was on a call, whatever the lost one is worth",
        ),
        pytest.param(
            [
                snapshot(20, member()),
                *another_call(22, 36)[:2],
                snapshot(30, member(in_call=True)),
                ended(36, "c2"),
                snapshot(50, member()),
            ],
            [*ON_CALL_ALL_ALONG, (36, "unobserved"), (50, "available")],
            id="a snapshot that may mean another call says nothing of this one",
        ),
        pytest.param(
            [
                *another_call(10, 50)[:2],
                *(snapshot(at, member(in_call=True)) for at in (20, 30)),
                ended(50, "c2"),
                heard(70),
            ],
            ON_CALL_ALL_ALONG,
            id="and ends none",
        ),
        pytest.param(
            [snapshot(20, member()), *another_call(22, 0)[:2], *(snapshot(at, member()) for at in (30, 40))],
            [*ON_CALL_ALL_ALONG, (22, "unobserved"), (40, "available")],
            id="each call is doubted by itself: the second of two lost ones ends with the third answer",
        ),
        pytest.param(
            [snapshot(20, member()), connected(25), snapshot(30, member())],
            ON_CALL_ALL_ALONG,
            id="a second connect of the same call clears the doubt",
        ),
        pytest.param(
            [snapshot(20, member()), device(25, Device.IN_USE, in_call=True), snapshot(30, member())],
            ON_CALL_ALL_ALONG,
            id="so does a telephone that is in a call of that queue",
        ),
        pytest.param(
            [snapshot(at, member(device=Device.UNREACHABLE)) for at in (20, 30)],
            [(1, "available"), (6, "unobserved"), (30, "unreachable")],
            id="on a telephone that is away there is no call either",
        ),
        pytest.param(
            [snapshot(20, member()), snapshot(30, member(in_call=True)), snapshot(40, member())],
            ON_CALL_ALL_ALONG,
            id="a snapshot that knows of it clears the doubt",
        ),
        pytest.param(
            [snapshot(20, member()), lost(22), snapshot(30, member(in_call=True)), snapshot(40, member(in_call=None))],
            [*ON_CALL_ALL_ALONG, (22, "unobserved"), (30, "on_call")],
            id="so does a gap",
        ),
        pytest.param(
            [snapshot(20, member(in_call=None)), snapshot(30, member(in_call=None))],
            ON_CALL_ALL_ALONG,
            id="a switch that does not tell does not deny",
        ),
        pytest.param(
            [snapshot(at, member(device=Device.IN_USE)) for at in (20, 30, 40)],
            ON_CALL_ALL_ALONG,
            id="nor does one whose telephone is in use: added again during the call, a member is in none",
        ),
        pytest.param(
            [snapshot(at, member(device=Device.MIRRORED)) for at in (20, 30, 40)],
            ON_CALL_ALL_ALONG,
            id="the same of a Local seat",
        ),
        pytest.param(
            [removed(10), snapshot(20), snapshot(30), snapshot(40)],
            ON_CALL_ALL_ALONG,
            id="who is in no queue any more has no row that could deny the call",
        ),
        pytest.param(
            [added(10, "sales"), *[snapshot(at, member(), member("sales", in_call=True)) for at in (20, 30)]],
            ON_CALL_ALL_ALONG,
            id="one queue that knows of a call is enough",
        ),
        pytest.param(
            [snapshot(at, member(), spoke=frozenset({("PJSIP/1001", "support")})) for at in (20, 30, 40)],
            ON_CALL_ALL_ALONG,
            id="what spoke while the answer was on its way is left to its events",
        ),
        pytest.param(
            [snapshot(20, member(paused=True)), snapshot(30, member(paused=True))],
            [*ON_CALL_ALL_ALONG, (20, "unobserved"), (30, "paused")],
            id="unobserved not before what the first showed anew",
        ),
        pytest.param(
            [snapshot(20, member()), snapshot(30, member()), connected(40), snapshot(50, member())],
            [(1, "available"), (6, "unobserved"), (30, "available"), (40, "on_call")],
            id="the next call is doubted anew",
        ),
    ],
)
def test_a_call_that_two_snapshots_in_a_row_do_not_know_of_is_over(
    events: list[PbxEvent], line: list[tuple[float, str]]
) -> None:
    assert tell(*ON_CALL, *events).line() == line


BEGUN_UNSEEN = [lost(1), snapshot(6, member(in_call=True))]


@pytest.mark.parametrize(
    ("events", "line"),
    [
        pytest.param(
            [snapshot(20, member())],
            [(1, "unobserved"), (20, "available")],
            id="one answer ends it, without wrap-up: unobserved since the one that knew of it",
        ),
        pytest.param(
            [snapshot(20, member(device=Device.IN_USE)), snapshot(30, member(device=Device.IN_USE))],
            [(1, "unobserved"), (6, "on_call")],
            id="but not while the telephone is in use: a QueueReset makes every member one that is in no call",
        ),
        pytest.param(
            [device(20, Device.IN_USE, in_call=False), device(30, Device.FREE, in_call=True)],
            [(1, "unobserved"), (6, "on_call")],
            id="nor does a status end it that says one of the two",
        ),
        pytest.param(
            [device(20, Device.UNREACHABLE, in_call=False), heard(60)],
            [(1, "unobserved"), (6, "on_call"), (20, "unreachable")],
            id="one that says both does",
        ),
    ],
)
def test_a_call_that_nobody_saw_begin_ends_with_the_first_word_that_there_is_none(
    events: list[PbxEvent], line: list[tuple[float, str]]
) -> None:
    assert tell(*BEGUN_UNSEEN, *events).line() == line


def test_nobody_is_charged_for_the_time_in_which_a_call_may_have_been_over() -> None:
    record = only_record(*ON_CALL, paused(10), *(snapshot(at, member(paused=True)) for at in (20, 30)), until=40)
    assert (record.on_call, record.unobserved, record.aux, record.pauses) == (4 * S, 20 * S, 10 * S, 1)


RUNG = [added(1), snapshot(5, member()), offered(6)]
RUNG_ALL_ALONG = [(1, "available"), (6, "ringing")]
WAITS = (Waiting("c1", "support", 0),)


@pytest.mark.parametrize(
    ("events", "line"),
    [
        pytest.param(
            [snapshot(20, member())],
            RUNG_ALL_ALONG,
            id="one alone changes nothing",
        ),
        pytest.param(
            [snapshot(20, member()), snapshot(30, member())],
            [(1, "available"), (6, "unobserved"), (30, "available")],
            id="two in a row end it: unobserved since it began",
        ),
        pytest.param(
            [device(8, Device.FREE), left(8), paused(10), *(snapshot(at, member(paused=True)) for at in (20, 30, 40))],
            [*RUNG_ALL_ALONG, (10, "unobserved"), (30, "paused")],
            id="as when the telephone was free before the caller left: the pause pressed meanwhile is one then",
        ),
        pytest.param(
            [snapshot(10, member(), waiting=WAITS), snapshot(20, member()), snapshot(30, member())],
            [*RUNG_ALL_ALONG, (10, "unobserved"), (30, "available")],
            id="or since the snapshot that knew of it",
        ),
        pytest.param(
            [snapshot(20, member()), paused(25), snapshot(30, member(paused=True))],
            [*RUNG_ALL_ALONG, (25, "unobserved"), (30, "paused")],
            id="a pause between the two is no word of the offer",
        ),
        pytest.param(
            [snapshot(20, member()), offered(22, "c2"), left(27, "c2", abandoned=True), snapshot(30, member())],
            [*RUNG_ALL_ALONG, (27, "unobserved"), (30, "available")],
            id="nor is another offer: until that one's end it rang, whatever the lost one is worth",
        ),
        pytest.param(
            [snapshot(20, member()), *another_call(22, 26), snapshot(40, member())],
            [*RUNG_ALL_ALONG, (22, "on_call"), (26, "unobserved"), (40, "available")],
            id="nor is a call",
        ),
        pytest.param(
            [snapshot(20, member()), offered(25), snapshot(30, member())],
            RUNG_ALL_ALONG,
            id="the same caller, offered again, is",
        ),
        pytest.param(
            [snapshot(20, member()), snapshot(30, member(), waiting=WAITS), snapshot(40, member())],
            RUNG_ALL_ALONG,
            id="so does a caller who waits",
        ),
        *(
            pytest.param(
                [snapshot(at, member(device=busy)) for at in (20, 30, 40)],
                RUNG_ALL_ALONG,
                id=f"while the telephone is {busy.value} nothing is known",
            )
            for busy in (Device.RINGING, Device.IN_USE, Device.MIRRORED)
        ),
        pytest.param(
            [snapshot(at, member(), spoke=frozenset({("PJSIP/1001", "support")})) for at in (20, 30, 40)],
            RUNG_ALL_ALONG,
            id="what spoke while the answer was on its way is left to its events",
        ),
        pytest.param(
            [offered(7, "c2"), *(snapshot(at, member(), waiting=WAITS) for at in (20, 30))],
            RUNG_ALL_ALONG,
            id="with another offer that is known the seat rings all along",
        ),
        pytest.param(
            [connected(10, "c2"), *(snapshot(at, member(in_call=True)) for at in (20, 30)), ended(40, "c2"), heard(60)],
            [*RUNG_ALL_ALONG, (10, "on_call"), (40, "wrap_up"), (50, "available")],
            id="on a call the seat stays on it, and rings no more after it",
        ),
        pytest.param(
            [removed(10), snapshot(20), snapshot(30), added(40)],
            [*RUNG_ALL_ALONG, (10, "signed_out"), (40, "available")],
            id="who was signed out meanwhile stays it, and does not ring when coming back",
        ),
    ],
)
def test_an_offer_that_two_snapshots_in_a_row_do_not_know_of_is_over(
    events: list[PbxEvent], line: list[tuple[float, str]]
) -> None:
    assert tell(*RUNG, *events).line() == line


def test_a_caller_who_came_before_the_snapshot_before_and_is_not_listed_waits_no_more() -> None:
    joined = [CallerJoined(6 * S, 13, "support", "c1"), CallerJoined(22 * S, 14, "support", "c2")]
    told = tell(snapshot(5), joined[0], snapshot(20), joined[1])
    assert told.floor.state.waiting == {"support": {"c1": 6 * S, "c2": 22 * S}}
    told.tell(snapshot(30))
    assert told.floor.state.waiting == {"support": {"c2": 22 * S}}
    told.tell(snapshot(40, waiting=(Waiting("c2", "support", 22 * S),)))
    assert told.floor.state.waiting == {"support": {"c2": 22 * S}}
