"""Whatever happens at a switch: each second of a gap that queue_log fills is told as it was, or stays unobserved; as it
was but for what only a telephone did, of which queue_log says nothing."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from tests.pbx.any_history import NAMES, History, Members
from tests.pbx.told_lines import Lines, invented, lines_told_by, unseen_s

HISTORIES = 120  # of each kind


def filled(history: History) -> Lines:
    log = QueueLog([(name, seat) for seat, name in NAMES.items()])
    return lines_told_by(fill(history.told, list(log.told_by(history.lines(), Path("queue_log")))))


@pytest.mark.parametrize("members", Members, ids=lambda members: members.name)
@pytest.mark.parametrize("restarts", [False, True], ids=["runs on", "restarts"])
def test_no_second_is_invented(restarts: bool, members: Members) -> None:
    for seed in range(HISTORIES):
        history = History(Random(seed), members, restarts)
        found = invented(history, filled(history))
        assert not found, (seed, found[0])


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.sampled_from(Members), st.booleans(), st.integers(1, 40))
def test_a_history_of_which_something_is_invented_shrinks(
    chance: Random, members: Members, restarts: bool, steps: int
) -> None:
    history = History(chance, members, restarts, steps)
    assert not invented(history, filled(history))


def test_without_restarts_next_to_nothing_stays_unobserved() -> None:
    """What these histories are worth: of a switch that always leaves the gap, nothing would be invented either."""
    before = after = 0.0
    for seed in range(HISTORIES):
        history = History(Random(seed), Members.KEPT, restarts=False)
        before += unseen_s(lines_told_by(history.told), history.at)
        after += unseen_s(filled(history), history.at)
    assert after < before / 10
    assert before > HISTORIES * 100
