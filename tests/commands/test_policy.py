"""`ccd policy`: an allowance out of what has been, and other policies tried on it."""

import json
from itertools import product
from pathlib import Path

from ccd.floor.events import PbxEvent
from tests.commands import running
from tests.commands.recorded_days import UNITS_THAT_MOVE, at, ccd, configured, imported, recorded, settled
from tests.floor.floors import added, heard, paused, removed, unpaused

SPAN = ("--from", "2099-11-24", "--to", "2099-11-24")
OURS = (*SPAN, "--unit", "team-1")


def other(config: Path, more: str) -> Path:
    file = config.parent / "other.toml"
    file.write_text(config.read_text() + more)
    return file


def tried(config: Path, file: Path) -> dict[str, dict[str, dict[str, int]]]:
    done = ccd(config, "policy", "try", str(file), *OURS, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {row.pop("agent"): row for row in json.loads(done.stdout)["accounts"]}


def test_the_same_policies_leave_every_account_as_it_is(tmp_path: Path) -> None:
    config = settled(tmp_path)
    found = tried(config, config)
    assert found["1001"]["now"] == {"saved_s": 465, "charged_s": 0, "leave_s": 0, "balance_s": 465, "owed_s": 0}
    assert found["1001"]["then"] == found["1001"]["now"]


def test_another_allowance_and_another_reason_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    config = settled(tmp_path)
    strict = tried(config, other(config, "[[policy]]\nrate_ppm = 20_000\n"))
    assert strict["1001"]["then"]["leave_s"] == 600 - 576
    exempt = tried(config, other(config, '[reasons.toilet]\npolicy = "exempt"\n'))
    assert exempt["1001"]["then"]["saved_s"] == (28_800 - 601) * 37_000 // 1_000_000 == 1_043
    assert exempt["1001"]["now"]["saved_s"] == 465
    assert tried(config, config)["1001"]["now"]["saved_s"] == 465


def test_the_table_says_both_and_who_would_have_more(tmp_path: Path) -> None:
    config = settled(tmp_path)
    said = ccd(config, "policy", "try", str(other(config, "[[policy]]\nrate_ppm = 20_000\n")), *OURS).stdout
    assert "465 -> 0" in said
    assert "0 agents would have more, 1 less" in said


def test_what_can_not_be_tried_is_refused(tmp_path: Path) -> None:
    config = settled(tmp_path)
    wrong = ccd(config, "policy", "try", str(other(config, "[[policy]]\nrate_ppm = -1\n")), *SPAN)
    assert "other.toml" in running.refusal(wrong)
    later = ccd(config, "policy", "try", str(config), "--from", "2099-11-24", "--to", "2099-11-25", "--unit", "team-1")
    assert "2099-11-25" in running.refusal(later)
    strange = ccd(config, "policy", "try", str(config), *SPAN, "--unit", "team-9")
    assert "team-9" in running.refusal(strange)
    backwards = ccd(config, "policy", "propose", "--from", "2099-11-24", "--to", "2099-11-23")
    assert "is after" in running.refusal(backwards)


def test_a_proposal_of_one_agent_is_none(tmp_path: Path) -> None:
    config = settled(tmp_path)
    refused = ccd(config, "policy", "propose", *SPAN)
    assert "and 20 are needed" in running.refusal(refused)


def test_the_month_of_who_moved_is_one_month_of_one_agent(tmp_path: Path) -> None:
    """Of 20 agents one is in team-2 from the second day on; nine hours a day each."""
    config = configured(tmp_path)
    seats = [f"PJSIP/{number}" for number in range(1001, 1021)]
    moves = "1001,PJSIP/1001,,team-1,,2099-11-25\n1001,PJSIP/1001,,team-2,2099-11-25,\n"
    stay = "".join(f"{seat[6:]},{seat},,team-{1 + (seat == seats[-1])},,\n" for seat in seats[1:])
    config.with_name("roster.csv").write_text(f"agent,interface,member_name,unit,from,to\n{moves}{stay}")
    spans = [(at(day * 86_400 + 28_800), at(day * 86_400 + 61_200)) for day in range(2)]
    seen = [
        event for start, end in spans for seat in seats for event in (added(start, seat=seat), removed(end, seat=seat))
    ]
    recorded(config, *sorted(seen, key=lambda event: event.at), heard(at(2 * 86_400)))
    for day, unit in (("2099-11-24", "team-1"), ("2099-11-25", "team-1"), ("2099-11-25", "team-2")):
        running.said(ccd(config, "settle", "--day", day, "--unit", unit))
    span = ("--from", "2099-11-24", "--to", "2099-11-25", "--format", "json")
    made = json.loads(running.said(ccd(config, "policy", "propose", *span)))
    assert (made["agents"], made["agent_months"]) == (20, 20)


def test_a_unit_has_what_stands_below_it_on_each_day(tmp_path: Path) -> None:
    """team-1 is of the south on the first day, and of the north on the second, on which all of it pauses."""
    config = configured(tmp_path)
    agents = range(1001, 1021)
    lines = "".join(f"{agent},PJSIP/{agent},,team-{1 + (agent == 1020)},,\n" for agent in agents)
    config.with_name("roster.csv").write_text(f"agent,interface,member_name,unit,from,to\n{lines}")
    seen: list[PbxEvent] = []
    for seat in (f"PJSIP/{agent}" for agent in agents):
        for start in (28_800, 86_400 + 28_800):
            seen += [added(at(start), seat=seat), removed(at(start + 32_400), seat=seat)]
        if seat != "PJSIP/1020":
            seen += [paused(at(86_400 + 30_000), "ticket", seat=seat), unpaused(at(86_400 + 33_600), seat=seat)]
    recorded(config, *sorted(seen, key=lambda event: event.at), heard(at(2 * 86_400)))
    imported(config, organisation=UNITS_THAT_MOVE + "team-2,team,south,,,,,,\n")
    for day, unit in product(("2099-11-24", "2099-11-25"), ("team-1", "team-2")):
        running.said(ccd(config, "settle", "--day", day, "--unit", unit))
    span = ("--from", "2099-11-24", "--to", "2099-11-25", "--unit", "south", "--format", "json")
    made = json.loads(running.said(ccd(config, "policy", "propose", *span)))
    assert (made["agents"], made["percentiles"]["p90"]) == (20, 0)


def test_an_allowance_is_proposed_out_of_the_switch_s_log_before_anything_was_recorded(tmp_path: Path) -> None:
    """20 agents, of whom each pauses for a thousandth of the time longer than the one before."""
    config = configured(tmp_path)
    lines = []
    for number in range(1, 21):
        for day in range(6):
            begins, name = round(at(day * 86_400 + 28_800)), f"Agent {number}"
            for second, what in (
                (0, "ADDMEMBER"),
                (100, "PAUSE"),
                (100 + 30 * number, "UNPAUSE"),
                (30_000, "REMOVEMEMBER"),
            ):
                lines.append((begins + second, f"NONE|support|{name}|{what}|\n"))
    log = tmp_path / "queue_log"
    log.write_text("".join(f"{second}|{line}" for second, line in sorted(lines)))
    span = ("--from", "2099-11-24", "--to", "2099-11-29", "--queue-log", str(log), "--format", "json")
    made = json.loads(running.said(ccd(config, "policy", "propose", *span)))
    assert (made["agents"], made["agent_months"]) == (20, 20)
    assert made["rate_ppm"] == 15_000  # three of four pause for at most 15 thousandths
    less = ccd(config, "policy", "propose", *span, "--unit", "team-1")
    assert "and 20 are needed" in running.refusal(less)
