"""What happens on which of the demo's days, counted back from today."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import date, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final

from ccd.commands.demo.acts import (
    MORNING,
    appeal,
    apply,
    at_work,
    choose_offset,
    emergency,
    exempt,
    give_packets,
    hand_budget,
    incident,
    join_strike_team,
    propose,
    reject_appeals,
    set_quotas,
)
from ccd.commands.demo.centre import ABROAD, HOME
from ccd.commands.demo.past import Past
from ccd.commands.demo.told import goes_early, leave, plan, stays_away
from ccd.errors import CcdError

BEFORE_THE_FIRST = time(7)
PLANNED_EVERY = 7  # days
OFFSET_ON = 27  # of the month, once it is open
BUDGET_ON = 5

Deed = Callable[[Past, date], Awaitable[None]]


async def live(past: Past, day: date, back: int, is_first: bool) -> None:
    """The day with all that is done on it. What the bank refuses, as a small centre has no such cap, is left."""
    past.it_is(day, BEFORE_THE_FIRST)
    if is_first or back % PLANNED_EVERY == 0:
        await plan(past, day)
    past.it_is(day, MORNING)
    monthly = {OFFSET_ON: choose_offset, BUDGET_ON: hand_budget}
    deeds = [*SCRIPT.get(back, ()), *([monthly[day.day]] if day.day in monthly else [])]
    for deed in sorted(deeds, key=_is_late):
        with suppress(CcdError):
            await deed(past, day)
    await past.live(day, back)


def _is_late(deed: Deed) -> bool:
    """An emergency is called at the end of the day, and what comes after it would come on the next."""
    return getattr(deed, "func", None) is emergency


async def leave_of_some(past: Past, day: date) -> None:
    """The first of the home teams goes home early once, which is lent; one is ill, and one on holiday."""
    soon = next(each for each in (day + timedelta(days=n) for n in range(1, 8)) if not past.people[0].rests(each))
    others = at_work(past, ABROAD, day)
    lines = [goes_early(past, past.people[0], soon)]
    lines += [stays_away(past, one, kind, day + timedelta(days=1), days)
              for one, (kind, days) in zip(others, (("sick", 2), ("annual", 3)), strict=False)]  # fmt: skip
    await leave(past, day, lines)


PACKETS: Final = (
    ("contest", "话务竞赛前三名"),
    ("knowledge", "知识库投稿被采用"),
    ("suggestion", "流程改进建议"),
    ("activity", "支持新员工带教"),
)
SCRIPT: Final[Mapping[int, tuple[Deed, ...]]] = MappingProxyType(
    {
        58: (partial(join_strike_team, unit=HOME), partial(join_strike_team, unit=ABROAD)),
        57: (partial(set_quotas, unit=HOME, agents=2), partial(set_quotas, unit=ABROAD, agents=1)),
        45: (leave_of_some,),
        43: (partial(emergency, unit=HOME, level="II", why="光缆中断，来话激增"),),
        41: (partial(propose, decide=True),),
        38: (partial(apply, unit=HOME, ahead=4, then="approves"), partial(apply, unit=ABROAD, ahead=4, then="refuses")),
        31: (partial(apply, unit=HOME, ahead=5, then="approves"), partial(apply, unit=ABROAD, ahead=6, then="cancels")),
        29: (partial(incident, unit="team-2"),),
        26: (appeal,),
        24: (exempt, partial(apply, unit=HOME, ahead=4, then="approves")),
        23: (reject_appeals,),
        19: (partial(emergency, unit=ABROAD, level="I", why="国际漫游资费调整，咨询集中"),),
        18: (leave_of_some,),
        17: (partial(apply, unit=ABROAD, ahead=5, then="approves"),),
        15: (partial(emergency, unit=HOME, level="III", why="大面积停电，宽带报障激增"),),
        10: (partial(apply, unit=HOME, ahead=3, then="approves"),),
        4: (partial(apply, unit=HOME, ahead=10, then="approves"),),
        3: (partial(incident, unit="team-1"), partial(apply, unit=ABROAD, ahead=12, agents=2)),
        2: (partial(apply, unit=HOME, ahead=12), partial(propose, decide=False)),
        1: (appeal,),
        **{weeks * 7: (partial(give_packets, kind=PACKETS[weeks % 4][0], reason=PACKETS[weeks % 4][1]),)
           for weeks in range(1, 9)},
    }
)  # fmt: skip
