"""Rosters that say who is in which team, and nothing else; and shifts of such agents, in Shanghai."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.org.roster import Roster, RosterLine
from ccd.org.schema import shifts
from ccd.org.told import Told
from ccd.org.told_rows import Teller, take_told
from ccd.sql.turns import Patience, take_turn_at_once

SHANGHAI = ZoneInfo("Asia/Shanghai")


def roster_of(teams: Mapping[str, Iterable[str]]) -> Roster:
    seated = [(agent, team) for team, agents in teams.items() for agent in agents]
    return Roster(RosterLine(line, agent, f"PJSIP/{agent}", "", team) for line, (agent, team) in enumerate(seated, 2))


def shift(uid: str, agent: str, begins: str, hours: float, breaks: str = "[]") -> Told:
    """`breaks` as they are kept: spans in µs."""
    start = datetime.fromisoformat(begins).replace(tzinfo=SHANGHAI)
    end = start + timedelta(hours=hours)
    first, last = (int(moment.timestamp()) * 1_000_000 for moment in (start, end))
    return Told(uid, agent, start.date(), first, last, breaks)


async def planned(engine: AsyncEngine, *told: Told) -> None:
    """Said of these shifts, and of no others."""
    said = Teller("test", Path("shifts.csv"))
    await take_turn_at_once(engine, lambda connection: take_told(connection, shifts, said, told, None, 7), Patience())
