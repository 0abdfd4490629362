"""Roster lines that begin and end: in which unit somebody is shown, who is gone, and who is back."""

from pathlib import Path

import pytest

from ccd.daemon.floors import Floors
from ccd.daemon.site import Site
from ccd.floor.floor import FloorState
from ccd.live.batch import SourceNow
from ccd.settings import Settings
from tests.daemon.test_floors import DAY, START, Clock, shown
from tests.floor.floors import S, added, heard, paused, snapshot, unpaused


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


@pytest.fixture
def clock() -> Clock:
    return Clock()


SECONDED = "1001,PJSIP/1001,,team-2,2026-11-23,2026-11-25\n"
AT_HOME = "1001,PJSIP/1001,,team-1,,\n1001,PJSIP/2001,,team-1,,\n"


@pytest.mark.parametrize("lines", [SECONDED + AT_HOME, AT_HOME + SECONDED], ids=["lent first", "home first"])
def test_who_is_lent_to_another_unit_is_in_it_for_that_time_on_every_seat(
    roster: Path, clock: Clock, lines: str
) -> None:
    roster.write_text("agent,interface,member_name,unit,from,to\n" + lines)
    floors = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    floors.resume("a", FloorState())
    assert shown(floors.everything())["1001"]["unit"] == "team-2"
    seats = ("PJSIP/1001", "PJSIP/2001")
    floors.take("a", [snapshot(START + 1), *(added(START + 10, seat=seat) for seat in seats), heard(START + 20)])
    assert shown(floors.changes())["1001"]["unit"] == "team-2"
    for day, unit in ((1, "team-2"), (2, "team-1"), (3, "team-1")):
        clock.now = (START + day * DAY + 60) * S
        floors.take("a", [heard(START + day * DAY + 50)])
        assert shown(floors.changes())["1001"]["unit"] == unit
        floors.take("a", [added(START + day * DAY + 55, seat=seats[1], name="Ann", queue=f"q{day}")])
        floors.take("a", [added(START + day * DAY + 56, seat=seats[1], name="Annie", queue=f"r{day}")])
        assert shown(floors.changes())["1001"]["unit"] == unit


def test_who_left_and_is_back_in_one_step_is_not_gone(roster: Path, clock: Clock) -> None:
    line = "1001,PJSIP/1,,team-1,{},{}\n"
    roster.write_text(
        "agent,interface,member_name,unit,from,to\n"
        + line.format("2026-11-20", "2026-11-24")
        + line.format("2026-11-25", "")
        + "1002,PJSIP/2,,team-1,,2026-11-24\n"
    )
    floors = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    floors.resume("a", FloorState())
    floors.take("a", [snapshot(START + 1), heard(START + 20)])
    assert set(shown(floors.everything())) == {"1001", "1002"}
    clock.now = (START + 2 * DAY + 60) * S
    floors.take("a", [heard(START + 2 * DAY + 50)])
    batch = floors.changes()
    assert (set(shown(batch)), batch.gone) == ({"1001"}, ("1002",))


def test_a_seat_that_is_handed_on_in_the_midst_of_a_batch_is_handed_on_at_the_border(
    roster: Path, clock: Clock
) -> None:
    roster.write_text(
        "agent,interface,member_name,unit,from,to\n"
        "1001,PJSIP/1,,team-1,,2026-11-23T01:00:00\n1002,PJSIP/1,,team-1,2026-11-23T01:00:00,\n"
    )
    border, seat = START + 3_600, "PJSIP/1"
    floors = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    floors.resume("a", FloorState())
    floors.take("a", [snapshot(START + 1), added(START + 10, seat=seat), heard(START + 20)])
    events = [paused(border - 100, "water", seat=seat), unpaused(border + 300, seat=seat), heard(border + 400)]
    floors.take("a", events)
    agents = shown(floors.changes())
    assert (agents["1002"]["state"], agents["1002"]["aux"]) == ("available", 300)


def test_who_is_on_the_roster_again_the_same_day_goes_on_with_it(roster: Path, clock: Clock) -> None:
    line = "1001,PJSIP/1,,team-1,{},{}\n"
    roster.write_text(
        "agent,interface,member_name,unit,from,to\n"
        + line.format("", "2026-11-23T01:00:00")
        + line.format("2026-11-23T02:00:00", "")
    )
    floors = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    floors.resume("a", FloorState())
    seat = "PJSIP/1"
    floors.take("a", [snapshot(START + 1), added(START + 10, seat=seat), paused(START + 20, "water", seat=seat)])
    floors.take("a", [unpaused(START + 320, seat=seat), heard(START + 400)])
    floors.changes()
    floors.take("a", [heard(START + 3_700)])
    assert floors.changes().gone == ("1001",)
    floors.take("a", [heard(START + 7_300)])
    agent = shown(floors.changes())["1001"]
    assert (agent["state"], agent["aux"], agent["counters"]["pauses"]) == ("available", 300, 1)
    floors.take("a", [heard(START + DAY + 10)])
    assert shown(floors.changes())["1001"]["aux"] == 0


def test_what_comes_in_one_batch_with_the_next_day_is_of_the_day_that_it_was_on(roster: Path, clock: Clock) -> None:
    """A switch says of two seats now and then what came first a little later."""
    roster.write_text("agent,interface,member_name,unit\n1001,PJSIP/1,,team-1\n1002,PJSIP/2,,team-1\n")
    floors = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    floors.resume("a", FloorState())
    floors.take("a", [snapshot(START + 1), *(added(START + 2, seat=seat) for seat in ("PJSIP/1", "PJSIP/2"))])
    floors.take("a", [heard(START + DAY - 10)])
    midnight = START + DAY
    floors.take("a", [paused(midnight + 0.001, seat="PJSIP/1"), paused(midnight - 0.001, seat="PJSIP/2")])
    agents = shown(floors.changes())
    assert {agent: said["counters"]["pauses"] for agent, said in agents.items()} == {"1001": 1, "1002": 0}
