"""What queue_log tells of a seat after a restart in a gap: what each line says, and nothing of what was before."""

import pytest

from ccd.floor.events import PbxEvent
from ccd.pbx.fill import fill
from tests.floor.floors import (
    S,
    added,
    connected,
    ended,
    heard,
    lost,
    member,
    missed,
    offered,
    only_record,
    paused,
    removed,
    snapshot,
    tell,
    unpaused,
)

MEAL = [added(1), paused(5, "meal")]
MEAL_IN_BOTH = [added(1), added(1, "sales"), paused(5, "meal"), paused(5, "meal", "sales")]


def test_a_wrap_up_ends_when_its_time_is_over() -> None:
    stream = [added(1), lost(10), snapshot(1000.5, member()), paused(1100)]
    log = [added(1), lost(1), heard(20), added(30), offered(99), connected(100), ended(200), paused(1100)]
    assert tell(*fill(stream, log)).line() == [
        (1, "available"), (10, "unobserved"), (30, "available"), (99, "ringing"), (100, "on_call"), (200, "wrap_up"),
        (210, "available"), (1100, "paused"),
    ]  # fmt: skip


def test_no_offer_outlives_it_also_of_who_was_out_of_the_queue() -> None:
    stream = [added(1), offered(5), removed(6), lost(7), snapshot(100.5, member()), paused(200)]
    log = [added(1), removed(6), lost(6), heard(20), added(30), paused(200)]
    assert tell(*fill(stream, log)).line() == [
        (1, "available"), (5, "ringing"), (6, "signed_out"), (30, "available"), (200, "paused"),
    ]  # fmt: skip


def test_who_is_rung_is_in_no_pause() -> None:
    """A static member: a restart lifts its pause without a line."""
    stream = [*MEAL, lost(10), snapshot(1000.5, member()), paused(1100)]
    log = [*MEAL, lost(5), heard(20), offered(95), missed(100), paused(1100)]
    assert only_record(*fill(stream, log), until=1100).paused == {"meal": 5 * S}
    assert tell(*fill(stream, log)).line()[2:] == [
        (10, "unobserved"), (95, "ringing"), (100, "available"), (1100, "paused"),
    ]  # fmt: skip


@pytest.mark.parametrize("word", [removed(30), unpaused(30), paused(30, "toilet")])
def test_of_a_queue_that_nobody_has_spoken_of_nothing_is_known(word: PbxEvent) -> None:
    stream = [*MEAL_IN_BOTH, lost(10), snapshot(1000.5), paused(1100)]
    log = [*MEAL_IN_BOTH, lost(5), heard(20), word, paused(1100)]
    assert tell(*fill(stream, log)).line()[2:] == [(10, "unobserved"), (1000.5, "signed_out")]


def test_once_each_was_spoken_of_it_is_known_again() -> None:
    stream = [*MEAL_IN_BOTH, lost(10), snapshot(1000.5, member(), member("sales")), paused(1100)]
    log = [*MEAL_IN_BOTH, lost(5), heard(20), unpaused(30), unpaused(31, "sales"), paused(1100)]
    assert tell(*fill(stream, log)).line()[2:] == [(10, "unobserved"), (31, "available")]


def test_a_call_is_one_whatever_else_is_known_and_after_it_nothing_is() -> None:
    stream = [*MEAL_IN_BOTH, lost(10), snapshot(1000.5, member(), member("sales"))]
    log = [*MEAL_IN_BOTH, lost(5), heard(20), offered(95), connected(100), ended(200), paused(1100)]
    assert tell(*fill(stream, log)).line()[2:] == [
        (10, "unobserved"), (95, "ringing"), (100, "on_call"), (200, "unobserved"), (1000.5, "available"),
    ]  # fmt: skip


def test_a_second_restart_makes_all_of_it_unknown_again() -> None:
    stream = [*MEAL, lost(10), snapshot(1000.5, member()), paused(1100)]
    log = [*MEAL, lost(5), heard(20), unpaused(30), offered(35), missed(40), lost(40), heard(50), paused(1100)]
    assert tell(*fill(stream, log)).line()[2:] == [
        (10, "unobserved"), (30, "available"), (35, "ringing"), (40, "unobserved"), (1000.5, "available"),
        (1100, "paused"),
    ]  # fmt: skip
