"""What becomes of callers, and how long they waited (docs/time-bank.md 5)."""

import pytest

from ccd.floor.callers import Became, CallGone
from ccd.floor.events import CallConnected, CallerJoined, PbxEvent, Waiting
from ccd.floor.floor import Floor
from tests.floor.floors import RULES, SEAT, S, added, connected, heard, joined, left, lost, snapshot
from tests.floor.test_captures_agree_with_the_slow_calculator import heard as heard_of
from tests.floor.test_lost_ends_against_the_truth import STEPS, Watched

Gone = tuple[str, float | None, float, str]  # call, when it joined, when it waited no more, what became of it


def waits(call: str, since: float) -> Waiting:
    return Waiting(call, "support", int(since * S))


STORIES: dict[str, tuple[list[PbxEvent], list[Gone]]] = {
    "out of the queue, then connected, as the switch says it": (
        [joined(10), left(14), connected(14.5), heard(900)],
        [("c1", 10, 14.5, "answered")],
    ),
    "connected, without a word that one is out of the queue": (
        [joined(10), connected(40), heard(900)], [("c1", 10, 40, "answered")],
    ),
    "a macro talks to the agent for almost a minute before": (
        [joined(10), left(14), heard(70), connected(73)], [("c1", 10, 73, "answered")],
    ),
    "abandoned, and then out of the queue": (
        [joined(10), left(13, abandoned=True), left(13.1), heard(900)], [("c1", 10, 13, "abandoned")],
    ),
    "out of the queue, and then abandoned": (
        [joined(10), left(13), left(13.1, abandoned=True), heard(900)], [("c1", 10, 13.1, "abandoned")],
    ),
    "a key was pressed: out of the queue, and never connected": (
        [joined(10), left(13), heard(72.9), heard(73)], [("c1", 10, 13, "left")],
    ),
    "out of the queue, and back in it": (
        [joined(10), left(13), joined(20), connected(22)], [("c1", 10, 13, "left"), ("c1", 20, 22, "answered")],
    ),
    "from one queue to the next": (
        [joined(10), left(30, abandoned=True), joined(30, queue="sales"), left(31, queue="sales"),
         connected(31, queue="sales")],
        [("c1", 10, 30, "abandoned"), ("c1", 30, 31, "answered")],
    ),
    "what is said twice counts once": (
        [joined(10), joined(10), left(14), left(14), connected(14.5), connected(14.5), left(15), heard(900)],
        [("c1", 10, 14.5, "answered")],
    ),
    "of whom nobody knows nothing is made": ([connected(5), left(6), left(7, abandoned=True), heard(900)], []),
    "a moment before one came is when one came": ([joined(10), left(9, abandoned=True)], [("c1", 10, 10, "abandoned")]),
    "who waits when ccd begins was not seen all the time": (
        [snapshot(20, waiting=(waits("c1", 5),)), left(30), connected(30)], [("c1", None, 30, "answered")],
    ),
    "who waits over a gap was not seen all the time, and who comes after it was": (
        [snapshot(1), joined(10), lost(12), snapshot(20, waiting=(waits("c1", 10),)), joined(21, "c2"),
         left(22, abandoned=True), left(23, "c2", abandoned=True)],
        [("c1", None, 22, "abandoned"), ("c2", 21, 23, "abandoned")],
    ),
    "who waited when a gap began and is not there after it is lost, also who was on the way to an agent": (
        [snapshot(1), joined(10), joined(11, "c2"), left(12, "c2"), lost(12), snapshot(20), connected(21), heard(900)],
        [("c1", 10, 20, "lost"), ("c2", 11, 20, "lost")],
    ),
    "a ghost is lost when the second snapshot does not list it": (
        [snapshot(1), joined(10), snapshot(20), snapshot(30)], [("c1", 10, 30, "lost")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_what_becomes_of_a_caller(name: str) -> None:
    told, expected = STORIES[name]
    floor = Floor(RULES)
    for event in [added(0), *told]:
        floor.apply(event)
    assert [spelled(gone) for gone in floor.callers.gone] == expected
    assert {gone.seat for gone in floor.callers.gone if gone.became is Became.ANSWERED} <= {SEAT}


def spelled(gone: CallGone) -> Gone:
    return gone.call, None if gone.joined is None else gone.joined / S, gone.at / S, gone.became.value


@pytest.mark.parametrize("part", range(4))
def test_each_caller_of_a_random_floor_ends_once_and_as_it_was(part: int) -> None:
    ends = 0
    for seed in range(part * 25, (part + 1) * 25):
        watched = Watched(seed)
        for _ in range(STEPS):
            watched.step()
        told, switch = watched.switch.said, watched.switch
        came = {event.call: event.at for event in told if isinstance(event, CallerJoined)}
        answered = {event.call: event for event in told if isinstance(event, CallConnected)}
        gone = {each.call: each for each in watched.floor.callers.gone}
        assert len(gone) == len(watched.floor.callers.gone)
        assert {call for call, each in gone.items() if each.became is Became.ANSWERED} == set(answered)
        for call, each in gone.items():
            assert each.joined == came[call]
            if each.became is Became.ANSWERED:
                assert (each.at, each.seat) == (answered[call].at, answered[call].seat)
            else:
                assert (each.became, call in switch.lost_callers) == (Became.LOST, True)
        assert not gone.keys() & switch.waiting.keys()
        ends += len(gone)
    assert ends > 50


@pytest.mark.parametrize(
    ("ami", "log", "answered_after_s", "gave_up_after_s"),
    [
        ("22.ami", "22.queue_log", [0, 0], [6]),
        ("16.ami", "16.queue_log", [0, 0], [6]),
        ("22.pjsip.ami", "22.pjsip.queue_log", [2, 13, 1, 10, 2, 1, 3, 7], [3, 3]),
    ],
)
def test_what_real_asterisks_said_comes_to_what_their_own_log_says(
    ami: str, log: str, answered_after_s: list[int], gave_up_after_s: list[int]
) -> None:
    """Whole seconds are what the log has: the wait it tells of a connected caller, and of one who gave up."""
    for told in (heard_of((ami,), ()), heard_of((), (log,))):
        floor = Floor(RULES)
        for event in told:
            floor.apply(event)
        waited: dict[Became, list[float]] = {became: [] for became in Became}
        for each in floor.callers.gone:
            if each.joined is not None:
                waited[each.became].append((each.at - each.joined) / S)
        assert waited[Became.ANSWERED] == [pytest.approx(seconds, abs=1.01) for seconds in answered_after_s]
        assert waited[Became.ABANDONED] == [pytest.approx(seconds, abs=1.01) for seconds in gave_up_after_s]
        assert not waited[Became.LEFT]
