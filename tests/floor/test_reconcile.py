"""What a snapshot may change, and what it may not (docs/time-bank.md 2.1 and 2.2)."""

import pytest

from ccd.floor.events import Device, PbxEvent, Waiting
from tests.floor.floors import (
    S,
    added,
    connected,
    device,
    ended,
    heard,
    lost,
    member,
    offered,
    only_record,
    paused,
    removed,
    snapshot,
    tell,
    unpaused,
)


@pytest.mark.parametrize(
    ("events", "line"),
    [
        pytest.param([snapshot(5, member())], [(5, "available")], id="the first snapshot invents nothing before it"),
        pytest.param(
            [added(1), lost(10), snapshot(20, member())],
            [(1, "available"), (10, "unobserved"), (20, "available")],
            id="a gap is unobserved for who is signed in at both ends",
        ),
        pytest.param(
            [added(1), lost(10), snapshot(20)],
            [(1, "available"), (10, "unobserved"), (20, "signed_out")],
            id="and for who is signed in before it only",
        ),
        pytest.param(
            [added(1), removed(5), lost(10), snapshot(20, member())],
            [(1, "available"), (5, "signed_out"), (10, "unobserved"), (20, "available")],
            id="and for who is signed in after it only",
        ),
        pytest.param(
            [added(1), removed(5), lost(10), snapshot(20)],
            [(1, "available"), (5, "signed_out")],
            id="who is signed out at both ends was signed out",
        ),
        pytest.param(
            [added(1), connected(2), lost(10), snapshot(20, member(in_call=True)), ended(30, "another")],
            [(1, "available"), (2, "on_call"), (10, "unobserved"), (20, "on_call"), (30, "wrap_up")],
            id="a call that the snapshot knows of goes on, which call it is being uncertain",
        ),
        pytest.param(
            [added(1), connected(2, queue="sales"), lost(10), snapshot(20, member())],
            [(1, "available"), (2, "on_call"), (10, "unobserved"), (20, "available")],
            id="a call that it does not know of is over",
        ),
        pytest.param(
            [lost(1), snapshot(20, member(in_call=True)), device(25, Device.FREE, in_call=False), heard(60)],
            [(1, "unobserved"), (20, "on_call"), (25, "wrap_up"), (35, "available")],
            id="a call nobody saw begin ends with the first word that there is none",
        ),
        pytest.param(
            [
                added(1),
                offered(5),
                lost(10),
                snapshot(12, member(device=Device.RINGING), waiting=(Waiting("c1", "support", 4 * S),)),
                connected(14),
            ],
            [(1, "available"), (5, "ringing"), (10, "unobserved"), (12, "ringing"), (14, "on_call")],
            id="an offer outlives a gap while its caller waits and the telephone rings",
        ),
        pytest.param(
            [added(1), offered(5), lost(10), snapshot(12, member())],
            [(1, "available"), (5, "ringing"), (10, "unobserved"), (12, "available")],
            id="else it is over",
        ),
        pytest.param(
            [added(1), snapshot(5, member()), connected(6), snapshot(8, member())],
            [(1, "available"), (6, "on_call")],
            id="one snapshot in mid-stream ends no call",
        ),
        pytest.param(
            [added(1), snapshot(5, member()), snapshot(20)],
            [(1, "available"), (5, "unobserved"), (20, "signed_out")],
            id="a member gone without a word: unobserved since the last confirmation",
        ),
        pytest.param(
            [snapshot(5), snapshot(20, member())],
            [(5, "unobserved"), (20, "available")],
            id="a member come without a word",
        ),
        pytest.param(
            [added(1), snapshot(5, member()), device(12, Device.FREE), snapshot(20, member(paused=True))],
            [(1, "available"), (12, "unobserved"), (20, "paused")],
            id="the seat's own word confirms too",
        ),
        pytest.param(
            [added(1), snapshot(5, member()), snapshot(20, spoke=frozenset({("PJSIP/1001", "support")}))],
            [(1, "available")],
            id="what spoke while the answer was on its way is left to its events",
        ),
        pytest.param(
            [added(1), snapshot(5, member(device=Device.UNREACHABLE))],
            [(1, "available"), (5, "unreachable")],
            id="a telephone's status takes effect at the answer",
        ),
    ],
)
def test_a_snapshot_neither_invents_nor_loses_a_second(events: list[PbxEvent], line: list[tuple[float, str]]) -> None:
    assert tell(*events).line() == line


def test_a_snapshot_counts_no_sign_ins_and_no_pauses() -> None:
    record = only_record(lost(0), snapshot(10, member(paused=True)), unpaused(20), paused(30), until=40)
    assert (record.sign_ins, record.pauses, record.aux, record.unobserved) == (0, 1, 20 * S, 10 * S)


def test_a_restart_loses_the_reason_of_a_pause_but_not_the_pause() -> None:
    record = only_record(added(0), paused(10, "meal"), lost(20), snapshot(30, member(paused=True)), until=40)
    assert dict(record.paused) == {"meal": 20 * S}


def test_callers_waiting_are_the_snapshots_after_a_gap() -> None:
    told = tell(lost(0), snapshot(10, waiting=(Waiting("c7", "support", 3 * S),)))
    assert told.floor.state.waiting == {"support": {"c7": 3 * S}}
