"""A reload has moved units: open boards follow."""

from collections.abc import Iterable

from ccd.live.batch import LiveBatch
from ccd.org.rights import floor_units
from tests.live.readings import team
from tests.live.test_hub import Floor, only_ops


def test_units_that_were_moved_are_shown_or_hidden_at_once() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1, "team-1") + team(2, "team-2", first=2001)))
    _, all_own = floor.looks_at(frozenset({"team-1"}))
    same, unmoved = floor.client()
    same.asked = frozenset({"team-1"})
    floor.hub.subscribe_floor(same, same.asked)
    taken, foreign = floor.client()
    taken.asked = frozenset({"team-9"})
    floor.hub.subscribe_floor(taken, taken.asked)
    own, page = floor.client("1001")
    floor.hub.subscribe_own(own, "1001")
    floor.frame()
    floor.frame()
    for line in (all_own, unmoved, foreign, page):
        line.read()

    def with_below(units: Iterable[str]) -> frozenset[str]:
        return frozenset(units) | {"team-2"}

    floor.hub.look_again(lambda person, asked: floor_units(person, asked, with_below))
    floor.frame(2.0)
    (said,) = all_own.read()
    assert (said["op"], len(said["agents"])) == ("snapshot", 3)
    assert unmoved.read() == page.read() == []
    assert only_ops(foreign.read()) == ["error"]
    assert foreign.closed == "Not allowed"
