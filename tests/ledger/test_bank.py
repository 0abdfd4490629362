"""Killed again and again, nothing that was acknowledged is lost, nothing is there twice, and the sum never changes."""

import pytest

from tests.ledger.bank import hold

KILLS = 50


@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_eight_processes_that_are_killed_again_and_again_lose_nothing_and_double_nothing(engine: str) -> None:
    held = hold(engine, KILLS)
    assert held["kills"] == KILLS
    assert held["server_kills"] == (KILLS // 10 if engine == "postgresql" else 0)
    assert held["looks"] > KILLS, "the sums were read all the time"
    assert held["posted"] > 2 * KILLS
    assert held["refused"] > 0, "balances and the cap came to their ends"
