"""Choices of a site for a random floor: queues, reasons, a roster with hot desks and agents of two seats, a clock."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.slow_rules import SECOND, Reason, RosterLine, Rules

ZONES = (
    ("UTC", time(0), datetime(2026, 11, 23, 22, tzinfo=UTC)),
    ("Asia/Shanghai", time(0), datetime(2026, 11, 23, 14, tzinfo=UTC)),
    ("Europe/Berlin", time(4), datetime(2026, 10, 24, 23, tzinfo=UTC)),  # 25 October: 25 hours
    ("Europe/Berlin", time(4), datetime(2026, 3, 28, 23, tzinfo=UTC)),  # 29 March: 23 hours
    ("Europe/Berlin", time(2, 30), datetime(2026, 3, 28, 23, tzinfo=UTC)),  # a start that is skipped
    ("Europe/Berlin", time(2, 30), datetime(2026, 10, 24, 23, tzinfo=UTC)),  # a start that comes twice
)
ROSTER = (
    RosterLine("1001", interface="PJSIP/1001", member_name="Ann"),
    RosterLine("1010", interface="PJSIP/1001"),
    RosterLine("1002", interface="Local/1002@agents/n"),
    RosterLine("1002", interface="Agent/1003"),  # one agent, two seats
    RosterLine("1004", member_name="Dora"),
    RosterLine("1001", interface="SIP/1004", member_name="Ann"),
)


LATER = {
    "meal": Reason(True, max_s_day=900),
    "toilet": Reason(True, max_s=120),
    "recovery": Reason(True, max_s=200),
    "Auto-Pause": Reason(False),
}


def random_rules(chance: Random, moves: bool) -> tuple[Rules, int]:
    """The site's choices, and when its story begins (µs)."""
    zone, day_starts_at, begins = chance.choice(ZONES)
    reasons = {
        "meal": Reason(True, max_s_day=chance.choice((600, 3600))),
        "training": Reason(True),
        "recovery": Reason(True, max_s=300, max_s_day=900),
        "Auto-Pause": Reason(True, max_s=60),
    }
    next_day = (begins.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)).isoformat()
    rules = Rules(
        wrap_up_s={"support": chance.choice((0, 10, 300)), "sales": chance.choice((0, 30))},
        not_counting=frozenset({"empty"}),
        reasons=reasons,
        reasons_later={next_day: LATER} if chance.random() < 0.5 else {},
        paused_in=chance.choice(("all", "all", "all", "any")),
        other_call_while_paused=chance.choice(("paused", "paused", "on_call")),
        timezone=zone,
        day_starts_at=day_starts_at,
        roster=ROSTER,
    )
    starts = int(begins.timestamp()) * SECOND + chance.randint(0, SECOND)
    if moves:  # a seat is somebody else's from then on
        turn = (starts // SECOND + chance.choice((chance.randint(0, 10_000), 3600, 7200, 10_800))) * SECOND
        roster = (
            RosterLine("1010", interface="Local/1005@agents/n", ends=turn),
            RosterLine("1002", interface="Local/1005@agents/n", starts=turn),
        )
        rules = replace(rules, roster=rules.roster + roster)
    return rules, starts
