"""Whose a seat is, where something is said of it after a roster border that it was before (docs/time-bank.md 2.1)."""

import pytest

from ccd.floor.agents import AgentRules
from ccd.floor.crew import Crew
from ccd.floor.days import BusinessDays
from ccd.floor.events import PbxEvent
from ccd.floor.owners import Owner
from ccd.floor.rules import Reasons
from tests.floor.floors import RULES, S, added, connected, paused, tell

BORDER = 1_000
NEXT_BORDER = 2_000


def owner_of(pbx: str, seat: str, name: str, at: int) -> Owner:
    """Ann's until the border, Ben's from then on; each has other seats."""
    return Owner("ann" if at < BORDER * S else "ben", "team", True)


@pytest.fixture
def crew() -> Crew:
    made = Crew(owner_of, lambda _: AgentRules(Reasons({}), RULES, BusinessDays("UTC")))
    made.same_between(0, BORDER * S)
    return made


def take(crew: Crew, *events: PbxEvent) -> None:
    for transition in tell(*events).transitions:
        crew.take("pbx", transition.opened)


def states(crew: Crew) -> dict[str, str]:
    return {agent: clock.read().merged.state.name for agent, clock in crew.clocks.items()}


def pass_the_border(crew: Crew) -> None:
    crew.cross(BORDER * S)
    crew.same_between(BORDER * S, NEXT_BORDER * S)


def test_a_seat_that_is_seen_for_the_first_time_late_is_of_whoever_has_it_now(crew: Crew) -> None:
    pass_the_border(crew)
    take(crew, added(BORDER - 5))
    assert states(crew) == {"ann": "SIGNED_OUT", "ben": "AVAILABLE"}
    (record,) = crew.clocks["ben"].records((BORDER + 7) * S, "team")
    assert (record.signed_in, record.sign_ins) == (7 * S, 0)


def test_each_is_told_the_part_of_a_late_state_that_is_theirs(crew: Crew) -> None:
    story = [added(10), paused(BORDER - 8, "toilet"), connected(BORDER + 4)]
    begun, late, later = (transition.opened for transition in tell(*story).transitions)
    crew.take("pbx", begun)
    pass_the_border(crew)
    for opened in (late, later):
        crew.take("pbx", opened)
    crew.confirm(NEXT_BORDER * S)
    (ann,), (ben,) = (crew.clocks[agent].records((BORDER + 6) * S, "team") for agent in ("ann", "ben"))
    assert (dict(ann.paused), ann.pauses, ann.on_call) == ({"toilet": 8 * S}, 1, 0)
    assert (dict(ben.paused), ben.pauses, ben.on_call) == ({"toilet": 4 * S}, 0, 2 * S)
    assert (ann.sign_ins, ann.sign_outs, ben.sign_ins) == (1, 0, 0)


def test_a_seat_can_be_handed_on_at_the_very_instant_at_which_its_state_began() -> None:
    """A reload comes at any instant; of the same one, what is told later comes later."""
    whose = ["ann"]
    rules = AgentRules(Reasons({}), RULES, BusinessDays("UTC"))
    crew = Crew(lambda *_: Owner(whose[0], "team", True), lambda _: rules)
    take(crew, added(500))
    whose[0] = "ben"
    crew.cross(500 * S)
    assert states(crew) == {"ann": "SIGNED_OUT", "ben": "AVAILABLE"}
