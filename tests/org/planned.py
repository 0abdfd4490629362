"""Agents whose time is planned: a roster of a day team, a night team whose day starts at 04:00, and one in Berlin."""

from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from ccd.org import roster_file
from ccd.org.agent_days import AgentDays
from ccd.org.told import Told
from ccd.org.units import Unit, Units

FILE = Path("plan.csv")
UNITS = Units(
    "Asia/Shanghai",
    time(0),
    {
        "centre": Unit(),
        "day": Unit(parent="centre"),
        "night": Unit(parent="centre", day_starts_at=time(4)),
        "berlin": Unit(timezone="Europe/Berlin"),
    },
)
ROSTER = (
    "agent,interface,member_name,unit,from,to\n"
    "1001,PJSIP/1001,,day,,\n"
    "1002,PJSIP/1002,,night,,\n"
    "1003,PJSIP/1003,,berlin,,\n"
    "1004,PJSIP/1004,,day,,2026-11-24\n"  # moves
    "1004,PJSIP/1004,,night,2026-11-24,\n"
    "1005,PJSIP/1005,,day,2026-12-01,\n"  # comes later
)
DAYS = AgentDays(roster_file.parse(ROSTER, Path("roster.csv"), UNITS), UNITS)


def us(written: str, zone: str = "Asia/Shanghai") -> int:
    moment = datetime.fromisoformat(written)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp()) * 1_000_000


def told(uid: str, agent: str, start: str, end: str, what: str = "[]", line: int = 0, withdrawn: bool = False) -> Told:
    """A span by Shanghai's clock."""
    return Told(uid, agent, datetime.fromisoformat(start).date(), us(start), us(end), what, line, withdrawn)
