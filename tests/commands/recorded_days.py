"""Days that a daemon has recorded, for commands that are asked of them: a configuration, a shift, and `ccd` itself; and
what is imported beside them."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.events import PbxEvent
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from tests.commands import running
from tests.databases import SQLITE
from tests.floor.floors import added, connected, ended, heard, joined, left, paused, removed, unpaused
from tests.history.observing import record
from tests.made_once import made_once

MIDNIGHT = datetime(2099, 11, 24, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()  # no clock is there yet
DAY = ("--day", "2099-11-24")
CONFIGURATION = """
timezone = "Asia/Shanghai"
roster = "roster.csv"
settle_wait_s_max = 604800

[[pbx]]
name = "pbx"
host = "127.0.0.1"
secret = "secret"
"""
ROSTER = "agent,interface,member_name,unit\n1001,PJSIP/1001,,team-1\n1002,PJSIP/1002,,team-2\n"
# team-1 is of the south on the day of the shift, and of the north from the next one on.
UNITS_THAT_MOVE = """unit,kind,parent,name,timezone,day_starts_at,country,from,to
centre,centre,,,Asia/Shanghai,,CN,,
south,sub_centre,centre,,,,,,
north,sub_centre,centre,,,,,,
team-1,team,south,,,,,,2099-11-25
team-1,team,north,,,,,2099-11-25,
"""


def at(seconds: float) -> float:
    return MIDNIGHT + seconds


SHIFT = (
    added(at(28_800)), paused(at(30_000), "toilet"), unpaused(at(30_600.25)), removed(at(57_600)),
    added(at(28_800), seat="PJSIP/9"), removed(at(28_900), seat="PJSIP/9"),
)  # fmt: skip
# Two callers are answered by 1001, one of them too late; two give up, one of them at once.
CALLERS = (
    joined(at(40_000), "c1"), left(at(40_010), "c1"), connected(at(40_010), "c1"), ended(at(40_060), "c1"),
    joined(at(41_000), "c2"), left(at(41_031), "c2"), connected(at(41_031), "c2"), ended(at(41_060), "c2"),
    joined(at(42_000), "c3"), left(at(42_005), "c3", abandoned=True),
    joined(at(43_000), "c4"), left(at(43_006), "c4", abandoned=True),
)  # fmt: skip


def configured(folder: Path) -> Path:
    """The configuration, with its roster beside it."""
    file = folder / "ccd.toml"
    file.write_text(CONFIGURATION)
    (folder / "roster.csv").write_text(ROSTER)
    return file


@made_once
def _no_days(folder: Path) -> Path:
    """A migrated database in which nothing is."""
    file = folder / "ccd.sqlite"
    asyncio.run(_in(file, upgrade))
    return file


def recorded(config: Path, *events: PbxEvent) -> None:
    file = config.parent / "state" / "ccd.sqlite"
    if not file.exists():
        _no_days(file.parent)
    asyncio.run(_in(file, lambda engine: record(engine, *events)))


async def _in(file: Path, do: Callable[[AsyncEngine], Awaitable[object]]) -> None:
    engine = open_engine(f"{SQLITE}{file}")
    await do(engine)
    await engine.dispose()


def ccd(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd(*words, "--config", config, COLUMNS="160")


def ccd_a_day_later(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`ccd` by a clock that shows the day after `DAY`: nobody rules on what has not begun."""
    return running.ccd(*words, "--config", config, COLUMNS="200", begins=at(86_400 + 28_800))


def imported(config: Path, **files: str) -> None:
    """Each file by the name of what it tells: `people=…`."""
    for kind, text in files.items():
        (file := config.with_name(f"{kind}.csv")).write_text(text)
        running.said(ccd(config, "import", kind, str(file)))


@made_once
def settled(folder: Path) -> Path:
    """A configuration with a day of agent 1001 that is settled: 465 s were saved."""
    return _settled(folder, ccd)


@made_once
def settled_a_day_later(folder: Path) -> Path:
    """The same, by the clock of the day after."""
    return _settled(folder, ccd_a_day_later)


def _settled(folder: Path, by: Callable[..., subprocess.CompletedProcess[str]]) -> Path:
    file = configured(folder)
    recorded(file, *SHIFT, heard(at(86_400)))
    running.said(by(file, "settle", *DAY, "--unit", "team-1"))
    return file
