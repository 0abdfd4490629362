"""What real Asterisks said, through the floor and through the slow calculator: the same to the microsecond."""

from pathlib import Path

import pytest

from ccd.floor.events import PbxEvent, Snapshot
from ccd.pbx.captured import Capture
from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from tests import slow_calculator
from tests.floor.fast_and_slow import by_the_floor
from tests.floor.random_floors import RandomFloor
from tests.slow_rules import Reason, RosterLine, Rules

CAPTURES = Path(__file__).parent.parent / "pbx" / "captures"
RULES = Rules(
    wrap_up_s={"support": 10, "sales": 5},
    reasons={"meal": Reason(True, max_s_day=5), "water": Reason(True, max_s=1), "Auto-Pause": Reason(True, max_s=60)},
    timezone="Asia/Shanghai",
    roster=(
        RosterLine("1001", interface="Local/1001@agents/n"),
        RosterLine("1001", member_name="Static One"),
        RosterLine("1002", interface="Local/1002@agents/n", member_name="Agent 1002"),
    ),
)
SOURCES = [
    (("22.ami",), ()),
    (("16.ami",), ()),
    (("22.ami", "22.afterrestart.ami"), ()),
    (("16.ami", "16.afterrestart.ami"), ()),
    (("22.ami", "22.afterrestart.ami"), ("22.queue_log",)),
    (("16.ami", "16.afterrestart.ami"), ("16.queue_log",)),
    ((), ("22.queue_log",)),
    ((), ("16.queue_log",)),
    (("22.pjsip.ami",), ()),
    (("22.pjsip.ami",), ("22.pjsip.queue_log",)),
    ((), ("22.pjsip.queue_log",)),
    (("22.autopause.ami",), ()),
]


def heard(ami: tuple[str, ...], log: tuple[str, ...]) -> list[PbxEvent]:
    told = list(Capture().read(CAPTURES / name for name in ami))
    members = [m for e in told for m in (e.members if isinstance(e, Snapshot) else [e])]
    seats = {m.name: m.seat for m in members if getattr(m, "name", "")}  # type: ignore[union-attr]  # asked just before
    seats = seats or {"Agent 1001": "Local/1001@agents/n", "Agent 1002": "Local/1002@agents/n"}
    return list(fill(told, list(QueueLog(seats.items()).read(CAPTURES / name for name in log))))


@pytest.mark.parametrize(("ami", "log"), SOURCES, ids=lambda names: "+".join(names) or "none")
def test_what_real_asterisks_said_gives_the_same_figures_by_both(ami, log):
    stream = heard(ami, log)
    for later_s in (0, 3600):
        until = max(event.at for event in stream) + later_s * 1_000_000
        slow = slow_calculator.day_records({"replay": stream}, RULES, until)
        fast = by_the_floor(RandomFloor({"replay": stream}, RULES, until))
        assert slow
        assert fast.keys() == slow.keys()
        for key, record in slow.items():
            assert {figure: fast[key][figure] for figure in record} == record, key
