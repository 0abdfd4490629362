"""Agents' days by the roster, asked by unit."""

from tests.org.planned import DAYS


def test_who_moves_is_an_agent_of_each_of_the_units_and_of_a_strange_one_there_is_nobody() -> None:
    found = {unit: set(DAYS.ever_in(unit)) for unit in ("day", "night", "elsewhere")}
    assert found == {"day": {"1001", "1004", "1005"}, "night": {"1002", "1004"}, "elsewhere": set()}
