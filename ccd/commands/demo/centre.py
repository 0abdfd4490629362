"""The demo's centre: its units and people as they are imported, and its configuration as a file, so that every command
can be asked of it while it runs."""

import json
from collections.abc import Sequence
from getpass import getuser
from pathlib import Path

from ccd.org.people import ALL_UNITS
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.session import ManagerUser
from ccd.pbx.simulator.staff import TEAMS, Colleague

SITE, PBX, ZONE = "demo", "demo", "Asia/Shanghai"
MANAGER, COLLEAGUE, CLERK, AUDITOR = "lead", "second", "hr", "audit"
CENTRE, HOME, ABROAD = "centre", "home", "abroad"  # two sub-centres
CLOCK_AHEAD_S_MAX = 259_200.0  # a night passes in seconds, and the switch is there first
PING_INTERVAL_S = 0.5  # much happens on such a floor between two of them
GRACE_S = 600

SUB_CENTRES = {"team-1": HOME, "team-2": ABROAD, "team-3": HOME}
ORGANISATION = f"""unit,kind,parent,name,timezone,day_starts_at,country,from,to
{CENTRE},centre,,10001 热线,,,CN,,
{HOME},sub_centre,{CENTRE},国内分中心,,,,,
{ABROAD},sub_centre,{CENTRE},国际分中心,,,,,
""" + "".join(f"{team.unit},team,{SUB_CENTRES[team.unit]},{team.title},,,,,\n" for team in TEAMS)


def people_csv(colleagues: Sequence[Colleague]) -> str:
    """Who leads, who keeps attendance, and who looks at the books; and whoever started the demo may do all of it by
    command."""
    lines = [
        "person,name,agent,role,unit,from,to,deputy_of",
        f"{MANAGER},陈静,,hotline_manager,{CENTRE},,,",
        f"{COLLEAGUE},李娜,,hotline_manager,{CENTRE},,,",
        *(f"{leader(team.unit)},,,team_leader,{team.unit},,," for team in TEAMS),
        f"{CLERK},周敏,,hr_clerk,{CENTRE},,,",
        f"{AUDITOR},吴洁,,auditor,{ALL_UNITS},,,",
        *(f"{one.agent},{one.phone.name},{one.agent},,,,," for one in colleagues),
    ]
    known = {line.partition(",")[0] for line in lines}
    if (user := getuser()) not in known:
        offices = ("hotline_manager", "hr_clerk", "auditor", "administrator")
        lines += [f"{user},,,{office},{ALL_UNITS},,," for office in offices]
    return "\n".join(lines) + "\n"


def leader(unit: str) -> str:
    """The name by which a team's leader signs in."""
    return f"{MANAGER}-{unit.rpartition('-')[2]}"


def configuration(folder: Path, port: int, ami_port: int, account: ManagerUser) -> str:
    queues = "".join(
        f"[queues.{kind.name}]\nwrap_up_s = {kind.wrap_up_s}\nunit = {_said(team.unit)}\n"
        for kind in QUEUES
        for team in TEAMS
        if team.queue == kind.name
    )
    return f"""site = {_said(SITE)}
timezone = {_said(ZONE)}
state_directory = {_said(str(folder))}
[evidence]
directory = {_said(str(folder / "evidence"))}
[http]
port = {port}
[[pbx]]
name = {_said(PBX)}
host = "127.0.0.1"
port = {ami_port}
username = {_said(account.username)}
secret = {_said(account.secret)}
ping_interval_s = {PING_INTERVAL_S}
clock_ahead_s_max = {CLOCK_AHEAD_S_MAX}
{queues}[[policy]]
schedules = true
full_attendance.late_grace_s = {GRACE_S}
full_attendance.early_grace_s = {GRACE_S}
"""


def _said(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
