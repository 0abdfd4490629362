"""What a floor that has been loaded costs from then on."""

import gc
from collections.abc import Iterator

import pytest

from ccd.daemon.switches.following import YOUNG_COLLECTIONS, leave_to_itself


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_the_floor_is_made_of_is_not_looked_through_and_what_follows_seldom() -> None:
    floor = [[seat] for seat in range(1_000)]
    leave_to_itself()
    assert not any(each is floor for each in gc.get_objects())
    young, older, _ = (each["collections"] for each in gc.get_stats())
    follows = [[event] for event in range(20 * gc.get_threshold()[0])]
    now_young, now_older, _ = (each["collections"] for each in gc.get_stats())
    assert now_young - young >= 15
    assert now_older == older
    assert len(floor) < len(follows)


def test_what_outlived_the_newest_is_looked_through_in_the_end() -> None:
    leave_to_itself()
    older = gc.get_stats()[1]["collections"]
    _ = [[event] for event in range((YOUNG_COLLECTIONS + 5) * gc.get_threshold()[0])]
    assert gc.get_stats()[1]["collections"] > older
