"""Who has left, by the roster."""

from datetime import date, timedelta

from ccd.bank.leaving import Left
from ccd.daemon.site import Site
from ccd.errors import LeavingError

LOOKED_BACK_DAYS = 3_660
A_DAY = timedelta(days=1)


def left_of(site: Site, agent: str, today: date) -> Left:
    """LeavingError of who is there, will be, or never was."""
    days = site.agent_days
    if not days.knows(agent):
        raise LeavingError(agent, "stands on no line of the roster: nobody knows that they left")
    ahead = [today + A_DAY * number for number in range(LOOKED_BACK_DAYS)]
    if unit := next((unit for day in ahead if (unit := days.unit(agent, day))), None):
        raise LeavingError(agent, f"is in {unit}, or will be: who is there spends their time themselves")
    for number in range(1, LOOKED_BACK_DAYS):
        if unit := days.unit(agent, today - A_DAY * number):
            return Left(agent, unit, today - A_DAY * number)
    raise LeavingError(agent, f"was in no unit in the last {LOOKED_BACK_DAYS} days")
