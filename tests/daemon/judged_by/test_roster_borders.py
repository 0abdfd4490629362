"""Roster lines that begin and end: in which unit somebody is shown, who is gone, and who is back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.floor.crew import Crew
from ccd.floor.floor_state import FloorState
from ccd.floor.segments import Segment
from ccd.live.batch import SourceNow
from ccd.settings import Settings
from tests.daemon.switches.test_floors import DAY, START, Clock, shown
from tests.floor.floors import S, added, heard, lost, paused, removed, snapshot, unpaused


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


def started_again(floors: Floors, told: list[tuple[str, Segment]], border: int, clock: Clock) -> Floors:
    """Another process: its floors stand where these stood, and its crew was told what they have stored."""
    again = Floors(floors.site, lambda: (), clock)
    for pbx, floor in floors.floors.items():
        again.resume(pbx, floor.state)
    for pbx, segment in told:
        again.crew.take(pbx, segment)
    again.crew.cross(border)
    return again


def test_after_a_restart_what_was_lost_before_a_border_is_lost_for_either_from_the_border_on(
    roster: Path, clock: Clock
) -> None:
    border = datetime.fromtimestamp(START + 1_000, UTC).isoformat()
    roster.write_text(
        f"agent,interface,member_name,unit,from,to\n1001,PJSIP/1,,team-1,,{border}\n1002,PJSIP/1,,team-1,{border},\n"
    )
    floors = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    for pbx in "ab":
        floors.resume(pbx, FloorState())
        floors.take(pbx, [snapshot(START + 1)])
    floors.take("b", [added(START + 10, seat="PJSIP/1"), heard(START + 100)])
    floors.take("a", [heard(START + 2_000)])
    told = [("b", segment) for segment in floors.floors["b"].state.open.values()]
    again = started_again(floors, told, (START + 1_000) * S, clock)
    for pbx in "ab":
        again.begin_gap(pbx)
    agents = shown(again.changes())
    assert (agents["1002"]["since"], agents["1002"]["counters"]["signed_in"]) == (START + 1_000, 0)


def test_a_daemon_that_comes_back_in_a_gap_days_later_begins_the_day_that_it_is(roster: Path, clock: Clock) -> None:
    """Who says nothing that day is not shown the counters of the day on which the switch was lost."""
    roster.write_text("agent,interface,member_name,unit\n1001,PJSIP/1,,team-1\n")
    floors = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    floors.resume("a", FloorState())
    floors.take("a", [snapshot(START + 1)])
    story = [added(START + 10, seat="PJSIP/1"), removed(START + 100, seat="PJSIP/1"), heard(START + 190)]
    closed = floors.take("a", [*story, lost(START + 200)]).closed
    told = [("a", segment) for segment in (*closed, *floors.floors["a"].state.open.values())]
    again = started_again(floors, told, START * S, clock)
    assert again.begin_gap("a") is None
    again.take("a", [snapshot(START + 3 * DAY + 50)])
    counters = shown(again.everything())["1001"]["counters"]
    assert (counters["sign_ins"], counters["signed_in"]) == (0, 0)


def site_of(roster: Path, *lines: str) -> Site:
    roster.write_text("".join(f"{line}\n" for line in ("agent,interface,member_name,unit,from,to", *lines)))
    return Site(Settings(roster=roster))


async def test_a_reload_soon_after_a_border_hands_the_seat_on_at_the_border_once_the_switch_is_there(
    roster: Path, clock: Clock
) -> None:
    """Our clock has passed it, the switch's word and so what is stored of today has not."""
    border = datetime.fromtimestamp(START + 1_000, UTC).isoformat()
    lines = ("1001,PJSIP/9,,team-1,,", f"1001,PJSIP/1,,team-1,,{border}", f"1002,PJSIP/1,,team-1,{border},")
    floors = Floors(site_of(roster, *lines), lambda: (), clock)
    floors.resume("a", FloorState())
    floors.take("a", [snapshot(START + 1), added(START + 10, seat="PJSIP/1"), heard(START + 990)])

    async def refill(crew: Crew) -> None:
        for segment in floors.floors["a"].state.open.values():
            crew.take("a", segment)

    clock.now = (START + 1_005) * S
    floors.reload(site_of(roster, *lines, "1003,PJSIP/3,,team-1,,"))
    await floors.recount(refill)
    floors.take("a", [heard(START + 1_010), paused(START + 1_020, "meal", seat="PJSIP/1")])
    agents = shown(floors.everything())
    signed_in = {name: (agent["state"], agent["counters"]["signed_in"]) for name, agent in agents.items()}
    assert signed_in == {"1001": ("signed_out", 990), "1002": ("paused", 20), "1003": ("signed_out", 0)}


def test_without_a_roster_only_midnights_are_borders(clock: Clock) -> None:
    floors = Floors(Site(Settings()), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    floors.resume("a", FloorState())
    floors.take("a", [snapshot(START), added(START + 10)])
    assert shown(floors.everything())["PJSIP/1001"]["state"] == "available"
    site, at = Site(Settings()), int((START + 10) * S)
    assert site.next_border(at) - site.last_border(at) == DAY * S
