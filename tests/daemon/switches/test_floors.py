"""What the daemon knows of its floors, and what it hands on: to the history, and to the live store."""

from pathlib import Path
from typing import Any

import pytest

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.errors import RosterError
from ccd.floor.events import CallerJoined, CallerLeft, Heard, Lost, Snapshot
from ccd.floor.floor_state import FloorState
from ccd.live.batch import LiveBatch, SourceNow, SourceState, packed, unpack
from ccd.settings import Settings
from tests.floor.floors import S, added, connected, ended, heard, member, offered, paused, removed, snapshot, unpaused

DAY = 86_400
START = 1_795_392_000  # a midnight in UTC

ROSTER = """agent,interface,member_name,unit,name
1001,PJSIP/1001,Ann,team-1,Ann Ace
1002,PJSIP/1002,Ben,team-2,
1003,PJSIP/1003,,team-2,Cid
1003,PJSIP/2003,,team-2,Cid
"""


class Clock:
    """Of the daemon; `switch` is how it follows the only switch."""

    def __init__(self) -> None:
        self.now = (START + 60) * S
        self.switch: SourceState = "live"

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    file = tmp_path / "roster.csv"
    file.write_text(ROSTER)
    return file


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def floors(roster: Path, clock: Clock) -> Floors:
    made = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    made.resume("a", FloorState())
    made.take("a", [snapshot(START + 1)])
    made.everything()
    return made


def shown(batch: LiveBatch) -> dict[str, dict[str, Any]]:
    """The agents of a batch as the live store gets them."""
    return {name: unpack(data) for name, data in packed(batch).agents.items()}


def test_everybody_on_the_roster_is_shown_before_any_seat_is_seen(floors: Floors) -> None:
    agents = shown(floors.everything())
    assert {name: (a["state"], a["unit"], a["name"]) for name, a in agents.items()} == {
        "1001": ("signed_out", "team-1", "Ann Ace"),
        "1002": ("signed_out", "team-2", "Ben"),
        "1003": ("signed_out", "team-2", "Cid"),
    }
    assert {a["allowance"] for a in agents.values()} == {1_065}


def test_changes_are_what_is_new_and_are_told_once(floors: Floors) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/1001")])
    batch = floors.changes()
    assert shown(batch)["1001"]["state"] == "available"
    assert unpack(batch.transitions) == [["a", "PJSIP/1001", "Ann", int((START + 10) * 1_000_000), "available", ""]]
    again = floors.changes()
    assert shown(again) == {}
    assert unpack(again.transitions) == []


def test_what_is_new_since_is_in_everything(floors: Floors) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/1001")])
    assert shown(floors.everything())["1001"]["state"] == "available"
    assert shown(floors.changes()) == {}


def test_a_seat_on_no_roster_is_shown_under_its_interface(floors: Floors) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/9", name="Guest")])
    guest = shown(floors.changes())["PJSIP/9"]
    assert (guest["name"], guest["unit"], guest["state"]) == ("Guest", "", "available")


def test_the_seats_of_an_agent_are_shown_merged(floors: Floors) -> None:
    floors.take(
        "a", [added(START + 10, seat="PJSIP/1003", name="Cid"), paused(START + 20, "toilet", seat="PJSIP/1003")]
    )
    assert shown(floors.changes())["1003"]["state"] == "paused"
    floors.take("a", [added(START + 30, seat="PJSIP/2003", name="Cid")])
    assert shown(floors.changes())["1003"]["state"] == "available"


def test_an_agent_of_one_line_may_have_a_seat_on_each_of_several_switches(roster: Path, clock: Clock) -> None:
    """What one switch says of the past, after another has gone on, is not told to a clock that has gone on."""
    pbxs = [{"name": name, "host": "127.0.0.1", "secret": "s"} for name in "ab"]
    roster.write_text("agent,interface,member_name,unit\n1001,PJSIP/1001,,team-1\n")
    floors = Floors(Site(Settings.model_validate({"roster": roster, "pbx": pbxs})), lambda: (), clock)
    for pbx in "ab":
        floors.resume(pbx, FloorState())
        floors.take(pbx, [snapshot(START + 1), added(START + 10, seat="PJSIP/1001")])
    floors.take("a", [paused(START + at, "toilet", seat="PJSIP/1001") for at in (20, 60)])
    floors.take("b", [Lost((START + 25) * S)])
    agent = shown(floors.changes())["1001"]
    assert (agent["counters"]["signed_in"], agent["counters"]["unobserved"]) == (15, 35)


def test_what_waits_for_every_switch_does_not_wait_for_one_that_is_lost(roster: Path, clock: Clock) -> None:
    """It says nothing of the time before its next snapshot; and what waited for it for days would grow."""
    floors = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    for pbx in "ab":
        floors.resume(pbx, FloorState())
        floors.take(pbx, [snapshot(START + 1)])
    floors.take("b", [Lost((START + 5) * S)])
    floors.take("a", [added(START + 10, seat="PJSIP/1003"), paused(START + 20, seat="PJSIP/1003")])
    assert len(floors.crew.clocks["1003"].waiting) == 2
    floors.take("a", [snapshot(START + 30, member(seat="PJSIP/1003", paused=True))])
    assert floors.crew.clocks["1003"].waiting == []


def test_callers_waiting_are_told_when_their_number_changes(floors: Floors) -> None:
    floors.take(
        "a", [CallerJoined((START + 5) * S, 1, "support", "c1"), CallerJoined((START + 7) * S, 2, "support", "c2")]
    )
    (queue,) = floors.changes().queues
    assert (queue.queue, queue.waiting, queue.oldest_since) == ("support", 2, (START + 5) * S)
    assert floors.changes().queues == ()
    floors.take("a", [CallerLeft((START + 8) * S, 3, "support", call, abandoned=True) for call in ("c1", "c2")])
    (queue,) = floors.changes().queues
    assert (queue.waiting, queue.oldest_since) == (0, None)


def test_what_is_recorded_carries_the_watermark_of_its_events(floors: Floors) -> None:
    batch = floors.take("a", [added(START + 10, seat="PJSIP/1001"), heard(START + 12)])
    assert batch.standing.heard_at == (START + 12) * S
    assert batch.standing.ref == 1
    assert list(batch.seats) == ["PJSIP/1001"]
    assert floors.changes().watermarks == {"a": (START + 12) * S}


def test_a_new_day_begins_with_new_counters_when_the_switch_says_so(floors: Floors, clock: Clock) -> None:
    late = START + DAY - 100
    floors.take("a", [added(late, seat="PJSIP/1001"), paused(late + 40, "toilet", seat="PJSIP/1001"), heard(late + 90)])
    assert shown(floors.changes())["1001"]["counters"]["pauses"] == 1
    floors.take("a", [heard(START + DAY + 5)])
    today = shown(floors.changes())["1001"]
    assert today["counters"]["pauses"] == 0
    assert (today["aux"], today["aux_from"]) == (0, START + DAY)


@pytest.mark.parametrize(
    ("border", "border_at", "calls"),
    [("2026-11-24", START + DAY, 0), ("2026-11-23T15:00:00", START + DAY - 9 * 3600, 1)],
    ids=["a day's start: of yesterday nothing is shown", "within the day"],
)
def test_what_a_slower_switch_says_of_before_the_border_is_of_whoever_had_the_seat_then(
    tmp_path: Path, clock: Clock, border: str, border_at: int, calls: int
) -> None:
    """Said after another switch has passed the border, and before the seat says anything of the time after it."""
    roster, seat = tmp_path / "roster.csv", "PJSIP/1"
    roster.write_text(
        f"agent,interface,member_name,unit,from,to\n1001,{seat},,team-1,,{border}\n1002,{seat},,team-1,{border},\n"
        "1001,PJSIP/11,,team-1,,\n1002,PJSIP/12,,team-1,,\n"
    )
    floors = Floors(Site(Settings(roster=roster)), lambda: [SourceNow("a", clock.switch, START * S)], clock)
    for pbx in ("a", "b"):
        floors.resume(pbx, FloorState())
        floors.take(pbx, [snapshot(START + 1)])
    floors.take("b", [added(border_at - 300, seat=seat), heard(border_at - 100)])
    clock.now = (border_at + 10) * S
    floors.take("a", [heard(border_at + 5)])
    floors.changes()
    floors.take("b", [offered(border_at - 8, seat=seat), connected(border_at - 4, seat=seat)])
    floors.take("b", [ended(border_at + 6, seat=seat), heard(border_at + 7)])
    agents = shown(floors.everything())
    counters = {name: agents[name]["counters"] for name in ("1001", "1002")}
    assert {name: (each["offered"], each["answered"]) for name, each in counters.items()} == {
        "1001": (calls, calls),
        "1002": (0, 0),
    }
    assert (agents["1001"]["state"], agents["1002"]["state"]) == ("signed_out", "available")
    assert counters["1002"]["signed_in"] == 6, "from the border on, in the call that the other one took"
    assert (counters["1001"]["sign_ins"], counters["1002"]["sign_ins"]) == (calls, 0)


def test_a_new_day_begins_by_our_clock_where_every_switch_is_silent(floors: Floors, clock: Clock) -> None:
    clock.switch = "lost"
    late = START + DAY - 100
    floors.take("a", [added(late, seat="PJSIP/1001"), Lost((late + 10) * S)])
    floors.changes()
    clock.now = (START + DAY + 30) * S
    assert shown(floors.changes()) == {}
    clock.now = (START + DAY + 61) * S
    assert shown(floors.changes())["1001"]["counters"]["sign_ins"] == 0


@pytest.mark.parametrize("step_s", [3_600, -3_600], ids=["forward", "back"])
def test_a_clock_of_ours_that_is_set_begins_no_day_while_a_switch_is_live(
    floors: Floors, clock: Clock, step_s: int
) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/1001"), heard(START + DAY - 1_000)])
    clock.now = (START + DAY - 1_000 + step_s) * S
    floors.changes()
    floors.take("a", [paused(START + DAY - 900, seat="PJSIP/1001"), heard(START + DAY - 800)])
    assert shown(floors.changes())["1001"]["aux"] == 0
    floors.take("a", [heard(START + DAY - 700), paused(START + DAY - 600, "water", seat="PJSIP/1001")])
    seen = shown(floors.changes())["1001"]
    assert (seen["aux"], seen["counters"]["pauses"]) == (300, 1)


def test_a_floor_that_resumes_begins_with_a_gap_where_it_stood(roster: Path, clock: Clock) -> None:
    before = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    before.resume("a", FloorState())
    before.take("a", [snapshot(START + 1), added(START + 10, seat="PJSIP/1001"), heard(START + 20)])
    after = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    after.resume("a", before.floors["a"].state)
    batch = after.begin_gap("a")
    assert batch is not None
    assert batch.standing.gap_since == (START + 20) * S
    after.take("a", [Snapshot((START + 50) * S, 0, (member(seat="PJSIP/1001"),))])
    line = shown(after.everything())["1001"]
    assert (line["state"], line["since"]) == ("available", START + 50)
    assert after.begin_gap("a") is not None, "from the same place, if it stops again"


def test_what_was_recorded_after_the_last_ping_stays_observed(roster: Path, clock: Clock) -> None:
    """Of the whole switch, as where a connection is lost: what it said of one seat, it said after all before it."""
    before = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    before.resume("a", FloorState())
    seats = ("PJSIP/1001", "PJSIP/1002")
    before.take("a", [snapshot(START + 1), *(added(START + 2, seat=seat) for seat in seats), heard(START + 10)])
    before.take("a", [paused(START + 18, "toilet", seat=seats[1])])
    after = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    after.resume("a", before.floors["a"].state)
    batch = after.begin_gap("a")
    assert batch is not None
    assert {(each.seat, each.end) for each in batch.closed} == {(seat, (START + 18) * S) for seat in seats}
    assert (batch.standing.gap_since, batch.standing.heard_at) == ((START + 18) * S, (START + 18) * S)


def test_a_floor_that_stopped_before_its_first_watermark_begins_with_a_gap_at_its_snapshot(
    roster: Path, clock: Clock
) -> None:
    before = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    before.resume("a", FloorState())
    before.take("a", [snapshot(START + 1, member(seat="PJSIP/1001"))])
    after = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    after.resume("a", before.floors["a"].state)
    assert after.begin_gap("a") is not None
    after.take("a", [snapshot(START + 5, member(seat="PJSIP/1001"))])
    assert shown(after.changes())["1001"]["state"] == "available"


def test_a_floor_that_was_never_heard_resumes_without_a_gap(roster: Path, clock: Clock) -> None:
    floors = Floors(Site(Settings(roster=roster)), lambda: (), clock)
    floors.resume("a", FloorState())
    assert floors.begin_gap("a") is None


def test_a_reload_gives_the_seats_to_whose_they_are_now(floors: Floors, roster: Path, clock: Clock) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/9", name="Dan"), Heard((START + 20) * S)])
    floors.changes()
    roster.write_text(ROSTER + "1009,PJSIP/9,,team-1,Dan Dee\n")
    clock.now = (START + 30) * S
    floors.reload(Site(Settings(roster=roster)))
    agents = shown(floors.changes())
    assert (agents["1009"]["name"], agents["1009"]["state"]) == ("Dan Dee", "available")
    assert "PJSIP/9" not in agents


def test_a_reload_moves_who_moved_and_lets_go_of_who_left_whether_seen_today_or_not(
    floors: Floors, roster: Path
) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/1001")])
    roster.write_text("agent,interface,member_name,unit\n1003,PJSIP/1003,,team-9\n")
    floors.reload(Site(Settings(roster=roster)))
    batch = floors.changes()
    agents = shown(batch)
    assert {name: agent["unit"] for name, agent in agents.items()} == {"1003": "team-9", "PJSIP/1001": ""}
    assert batch.gone == ("1001", "1002")
    assert floors.changes().gone == ()


def test_a_reload_takes_the_reasons_that_hold_from_now_on(floors: Floors, roster: Path) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/1001"), paused(START + 20, "prayer", seat="PJSIP/1001")])
    assert shown(floors.changes())["1001"]["exempt"] is False
    floors.reload(Site(Settings.model_validate({"roster": roster, "reasons": {"prayer": {"policy": "exempt"}}})))
    assert shown(floors.changes())["1001"]["exempt"] is True


def ruled(roster: Path, **settings: Any) -> Site:
    return Site(Settings.model_validate({"roster": roster} | settings))


def test_a_reload_of_what_counts_turns_the_seats_at_once_from_what_was_heard_on(floors: Floors, roster: Path) -> None:
    """Its next event may come in hours; and of the time before nothing becomes anything else."""
    floors.take("a", [added(START + 10, queue="idle", seat="PJSIP/1001"), heard(START + 25)])
    assert shown(floors.changes())["1001"]["state"] == "available"
    (batch,) = floors.reload(ruled(roster, queues={"idle": {"counts": False}}))
    (closed,) = batch.closed
    assert (closed.seat, closed.start, closed.end) == ("PJSIP/1001", (START + 10) * S, (START + 25) * S)
    agent = shown(floors.changes())["1001"]
    assert (agent["state"], agent["since"]) == ("signed_out", START + 25)
    counters = agent["counters"]
    assert (counters["signed_in"], counters["sign_ins"], counters["sign_outs"]) == (15, 1, 0)


def test_a_reload_of_paused_in_begins_the_pause_where_it_holds(floors: Floors, roster: Path) -> None:
    seat = "PJSIP/1001"
    floors.take("a", [added(START + 10, seat=seat), added(START + 10, queue="sales", seat=seat)])
    floors.take("a", [paused(START + 20, "toilet", seat=seat), heard(START + 30)])
    assert shown(floors.changes())["1001"]["state"] == "available"
    floors.reload(ruled(roster, floor={"paused_in": "any"}))
    agent = shown(floors.changes())["1001"]
    assert (agent["state"], agent["since"], agent["aux"], agent["aux_from"]) == ("paused", START + 30, 0, START + 30)
    floors.take("a", [unpaused(START + 29, seat=seat)])  # said late: it applies where the pause began
    assert shown(floors.changes())["1001"]["aux"] == 0


def test_a_reload_that_changes_no_rule_of_seats_records_nothing(floors: Floors, roster: Path) -> None:
    floors.take("a", [added(START + 10, seat="PJSIP/1001"), connected(START + 20, seat="PJSIP/1001")])
    assert floors.reload(ruled(roster, queues={"support": {"wrap_up_s": 30}})) == []


def test_a_reload_in_a_gap_leaves_to_the_snapshot_what_nobody_sees(floors: Floors, roster: Path) -> None:
    floors.take("a", [added(START + 10, queue="idle", seat="PJSIP/1001"), Lost((START + 20) * S)])
    assert floors.reload(ruled(roster, queues={"idle": {"counts": False}})) == []
    assert shown(floors.changes())["1001"]["state"] == "unobserved"
    floors.take("a", [snapshot(START + 40, member(queue="idle", seat="PJSIP/1001"))])
    assert shown(floors.changes())["1001"]["state"] == "signed_out"


def test_faulty_files_leave_the_site_as_it_was(roster: Path) -> None:
    roster.write_text(ROSTER + "1009,,,team-1,\n")
    with pytest.raises(RosterError, match=r"roster\.csv:6"):
        Site(Settings(roster=roster))


def test_signing_out_and_in_again_goes_on_with_the_same_day(floors: Floors) -> None:
    seat = "PJSIP/1001"
    floors.take("a", [added(START + 10, seat=seat), paused(START + 20, seat=seat), unpaused(START + 50, seat=seat)])
    floors.take("a", [removed(START + 60, seat=seat), added(START + 90, seat=seat)])
    agent = shown(floors.changes())["1001"]
    assert (agent["aux"], agent["counters"]["sign_ins"], agent["counters"]["sign_outs"]) == (30, 2, 1)
    assert (agent["base"], agent["base_from"]) == (50, START + 90)
