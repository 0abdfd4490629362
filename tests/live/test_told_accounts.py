"""On whose accounts something is another, as boards are told of it."""

from ccd.live.batch import LiveBatch
from ccd.live.board import Changes
from tests.live.readings import team
from tests.live.test_hub import Floor


def test_a_board_hears_of_the_accounts_of_those_whom_it_shows_each_once() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(2, "team-1") + team(2, "team-2", first=2001)))
    _, first = floor.looks_at(frozenset({"team-1"}))
    _, second = floor.looks_at(frozenset({"team-2"}), json=True)
    floor.frame()
    for line in (first, second):
        line.read()
    first.stuck = 1_000_000
    for agents in (["1001", "2001"], ["1002", "1001"]):
        floor.hub.take(Changes(accounts=agents))
        floor.frame()
    first.stuck = 0
    floor.frame()
    assert [said.get("accounts") for said in first.read()] == [["1001", "1002"]]
    assert [said.get("accounts") for said in second.read()] == [["2001"]]
