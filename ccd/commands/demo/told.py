"""What other systems tell of the demo's people: each week the planners' file, now and then the personnel system's."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from pathlib import Path

from ccd.commands.demo.past import Past
from ccd.daemon.judged_by.importing import Importing, take_over_told
from ccd.org import leave_file, schedule_file
from ccd.org.acts import Act
from ccd.org.schema import leaves, shifts
from ccd.org.told import window_of
from ccd.org.told_rows import Teller
from ccd.pbx.simulator.staff import Colleague, schedule_csv

PLANNED_DAYS = 28  # that a file tells of
LEAVES_AT, SHIFT_ENDS = time(15), time(17)  # who has leave for the rest of an early shift
EARLIER_S = -7_200


async def plan(past: Past, day: date) -> None:
    """The weeks to come."""
    days = [day + timedelta(days=number) for number in range(PLANNED_DAYS)]
    file = Path(f"plan-{day}.csv")
    told = schedule_file.parse(schedule_csv(past.people, days), file, past.site.agent_days)
    await _take_over(past, Importing(shifts, Teller("planning", file), told, window_of(told)), "the weeks to come")


async def leave(past: Past, day: date, lines: Iterable[str]) -> None:
    file = Path(f"leave-{day}.csv")
    text = "\n".join(("agent,kind,from,to", *lines)) + "\n"
    told = leave_file.parse(text, file, past.site.agent_days, past.site.settings.leave.kinds)
    await _take_over(past, Importing(leaves, Teller("hr", file), told, None), "as the personnel system says")


def goes_early(past: Past, person: Colleague, day: date) -> str:
    """A line of leave for the last hours of an early shift; the person leaves then."""
    past.stays_s[person.agent, day] = EARLIER_S
    return f"{person.agent},personal,{day}T{LEAVES_AT},{day}T{SHIFT_ENDS}"


def stays_away(past: Past, person: Colleague, kind: str, first: date, days: int) -> str:
    """A line of leave for whole days."""
    past.on_leave.update((person.agent, first + timedelta(days=number)) for number in range(days))
    return f"{person.agent},{kind},{first},{first + timedelta(days=days)}"


async def _take_over(past: Past, asked: Importing, why: str) -> None:
    asking = past.asking("demo")
    act = Act(
        asking.act, asking.at, asking.by, asking.address, f"import {asked.table.name}", asked.said.source, "", "", why
    )
    await take_over_told(past.made.engine, past.site.agent_days, asked, act)
