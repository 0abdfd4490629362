"""What a person may see."""

from collections.abc import Iterable

import pytest

from ccd.errors import NotAllowedError
from ccd.org.origins import is_own_origin
from ccd.org.people import Person, Role
from ccd.org.rights import floor_units, led_units, may_import, own_agent

UNITS = {"centre": None, "team-1": "centre", "team-2": "centre", "team-3": None}
LEAD = Person("lead", Role.SUPERVISOR, None, ("team-1",))
CENTRE = Person("centre", Role.SUPERVISOR, None, ("centre",))
BOSS = Person("boss", Role.SUPERVISOR, None, ("*",))
AGENT = Person("chen", Role.AGENT, "1001")


def with_below(units: Iterable[str]) -> frozenset[str]:
    named = frozenset(units)
    return named | {unit for unit, above in UNITS.items() if above in named}


@pytest.mark.parametrize(
    ("person", "asked", "shown"),
    [
        (LEAD, None, {"team-1"}),
        (LEAD, ["team-1"], {"team-1"}),
        (LEAD, [], set()),
        (CENTRE, None, {"centre", "team-1", "team-2"}),
        (CENTRE, ["team-2"], {"team-2"}),
        (BOSS, ["team-3"], {"team-3"}),
        (BOSS, None, None),
    ],
)
def test_a_supervisor_sees_the_floor_of_the_own_units_and_those_below(
    person: Person, asked: list[str] | None, shown: set[str] | None
) -> None:
    assert floor_units(person, asked, with_below) == shown


@pytest.mark.parametrize(
    ("person", "asked"),
    [(LEAD, ["team-2"]), (LEAD, ["team-1", "centre"]), (CENTRE, ["team-3"]), (AGENT, None), (AGENT, [])],
)
def test_nobody_sees_the_floor_of_others(person: Person, asked: list[str] | None) -> None:
    with pytest.raises(NotAllowedError):
        floor_units(person, asked, with_below)


def test_a_refusal_names_what_was_not_ones_own() -> None:
    with pytest.raises(NotAllowedError, match="team-2, team-3"):
        floor_units(LEAD, ["team-3", "team-1", "team-2"], with_below)


def test_only_an_agent_has_an_agents_page() -> None:
    assert own_agent(AGENT) == "1001"
    for person in (LEAD, BOSS):
        with pytest.raises(NotAllowedError):
            own_agent(person)


def test_only_who_leads_all_units_says_who_sits_where() -> None:
    may_import(BOSS)
    for person in (AGENT, LEAD, CENTRE):
        with pytest.raises(NotAllowedError, match=r"the roster is not shown to .*; it is for whoever leads all units"):
            may_import(person)


def test_led_units_are_those_a_board_can_choose_from() -> None:
    assert led_units(CENTRE, with_below, UNITS) == ["centre", "team-1", "team-2"]
    assert led_units(BOSS, with_below, UNITS) == sorted(UNITS)
    assert led_units(AGENT, with_below, UNITS) == []


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (None, True),
        ("http://floor:8080", True),
        ("https://Floor:8080", True),
        ("https://other.example.org", True),
        ("http://floor", False),
        ("http://floor:8080.evil", False),
        ("http://evil/floor:8080", False),
        ("file://floor:8080", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_pages_of_this_server_speak_for_who_is_signed_in(origin: str | None, own: bool) -> None:
    assert is_own_origin(origin, "floor:8080", ["https://other.example.org"]) is own
