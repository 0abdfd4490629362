"""A second of which nobody remembers what was told."""

from ccd.daemon.switches.seam import told_before
from ccd.floor.events import PbxEvent
from tests.floor.floors import S, added, connected, ended, missed, offered, paused, removed, tell, unpaused

SINCE = int(10.7 * S)


def news(known: list[PbxEvent], *logged: PbxEvent) -> list[str]:
    floor = tell(*known).floor
    told = told_before(floor.state, logged, SINCE)
    return [type(event).__name__ for event in logged if event not in told]


def test_as_many_lines_of_a_seat_were_told_as_lead_to_what_is_known() -> None:
    second = (paused(10, "ticket"), unpaused(10), paused(10, "toilet"), removed(10))
    assert news([added(1), paused(10.2, "ticket")], *second) == ["MemberPaused", "MemberPaused", "MemberRemoved"]
    assert news([added(1), paused(10.2), unpaused(10.3)], *second) == ["MemberPaused", "MemberRemoved"]
    assert news([added(1), removed(10.5)], *second) == []
    assert news([added(1)], paused(10, "water")) == ["MemberPaused"]
    assert news([added(1), paused(10.2, "ticket")], paused(11, "water")) == ["MemberPaused"], "another second"


def test_a_call_that_is_known_was_told_and_the_end_of_one_that_is_not() -> None:
    on_call = [added(1), offered(2), connected(10.1)]
    assert news(on_call, connected(10)) == []
    assert news(on_call, ended(10)) == ["CallEnded"]
    assert news([*on_call, ended(10.4)], connected(10), ended(10)) == []
    assert news([added(1), offered(2)], connected(10)) == ["CallConnected"]


def test_an_offer_that_is_known_was_told_and_the_end_of_one_that_is_not() -> None:
    assert news([added(1), offered(10.1)], offered(10), missed(10)) == ["OfferEnded"]
    assert news([added(1), offered(3), missed(10.1)], missed(10)) == []
    assert news([added(1)], offered(10)) == ["CallOffered"]


def test_an_offer_whose_end_was_told_was_told_with_it() -> None:
    at_once = [added(1), offered(10.1), connected(10.1)]
    assert news(at_once, offered(10), connected(10)) == [], "a telephone that answers by itself"
    assert news(at_once, offered(9), connected(10)) == [], "reckoned back from the second of its end"
    assert news([*at_once, ended(10.4)], offered(9), connected(10), ended(10)) == []
    assert news([added(1), offered(9.8), missed(10.1)], offered(9.6), missed(10)) == []
    assert news([added(1), offered(9.8)], offered(9.6), missed(10)) == ["OfferEnded"]
    assert news([added(1)], offered(9.6), connected(10)) == ["CallOffered", "CallConnected"]


def test_a_call_that_rings_yet_was_neither_taken_nor_ended() -> None:
    assert news([added(1), offered(9.8)], offered(9.8), connected(10), ended(10)) == ["CallConnected", "CallEnded"]


def test_an_offer_that_was_taken_in_the_second_before_was_told() -> None:
    on_call = [added(1), offered(9.5), connected(9.9)]
    assert news(on_call, offered(9), connected(9)) == ["CallConnected"], "which the time tells: it is not of the gap"
    rung_again = news([added(1), offered(9.1), missed(9.4)], offered(9), missed(9), offered(10), missed(15))
    assert rung_again == ["OfferEnded", "CallOffered", "OfferEnded"]
