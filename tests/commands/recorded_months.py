"""Days of a month that is over, with shifts and leave told, recorded and settled, for what closes the month."""

import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.commands import running
from tests.commands.recorded_days import CONFIGURATION, ROSTER, recorded
from tests.floor.floors import added, heard, removed
from tests.made_once import made_once

MONTH = "2026-08"  # long over, whenever this is read
DAY_S = 86_400
FIRST = datetime(2026, 8, 11, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
SHIFTS = """agent,day,start,end,breaks,uid
1001,2026-08-11,08:00,16:00,,a
1001,2026-08-12,08:00,16:00,,b
1002,2026-08-11,08:00,16:00,,c
"""
LEAVE = """agent,kind,from,to,uid
1001,personal,2026-08-12 08:00,2026-08-12 08:30,x
"""


def at(day: int, hour: float) -> float:
    return FIRST + day * DAY_S + hour * 3_600


@made_once
def planned(folder: Path) -> Path:
    """A configuration: 1001 was on leave for half an hour of an idle day, and has 1,800 s beside what was saved; 1002
    never came."""
    file = folder / "ccd.toml"
    file.write_text(f"{CONFIGURATION}\n[[policy]]\nfrom = 1970-01-01\nschedules = true\n")
    for name, text in (("roster", ROSTER), ("plan", SHIFTS), ("leave", LEAVE)):
        (folder / f"{name}.csv").write_text(text)
    seen = (added(at(0, 8)), removed(at(0, 16)), added(at(1, 8.5)), removed(at(1, 16)), heard(at(2, 0)))
    recorded(file, *seen)
    for kind, table in (("schedule", "plan"), ("leave", "leave")):
        words = ("import", kind, str(folder / f"{table}.csv"), "--source", "told")
        running.said(ccd(file, *words))
    for day in ("2026-08-11", "2026-08-12"):
        running.said(ccd(file, "settle", "--day", day))
    given = ("--day", "2026-08-11", "--key", "g", "--text", "a gift")
    running.said(ccd(file, "ledger", "transfer", "house:gift", "1001:gift", "1800", *given))
    return file


def settle_the_rest(config: Path) -> None:
    """The month's days on which nobody was seen."""
    running.said(ccd(config, "settle", "--day", "2026-08-31"))


def ccd(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd(*words, "--config", config, COLUMNS="160")
