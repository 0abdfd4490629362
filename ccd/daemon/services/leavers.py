"""Who has left, by the roster, and what becomes of what they have."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from ccd.bank.asking import Asking
from ccd.bank.leaving import Leaving, Left
from ccd.daemon.services.supplying import Supplying
from ccd.daemon.site import Site
from ccd.errors import LeavingError
from ccd.floor.days import ONE_DAY
from ccd.ledger.books import Ledger
from ccd.org.rights import may_hand_over_rest

LOOKED_BACK_DAYS = 3_660


class Leaver(NamedTuple):
    """Who is in no unit any more, and has so many seconds; `left` is None of whom nobody knows that they left."""

    agent: str
    seconds: int
    left: Left | None


class Leavers:
    """Of one site. `now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, site: Site, now: Callable[[], int]) -> None:
        self._ledger, self._site, self._now = ledger, site, now

    async def all(self) -> list[Leaver]:
        today = self._site.units.site_day(self._now())
        balance = await Supplying(self._ledger, self._site, self._now).of()
        return [Leaver(agent, seconds, self._left(agent, today)) for agent, seconds in sorted(balance.left.items())]

    async def hand_over(self, asking: Asking, agent: str, why: str) -> Leaver:
        """All of it, to attendance; 0 seconds where nothing is left. The same act again tells what it told.
        LeavingError where it can't be."""
        site, today = self._site, self._site.units.site_day(asking.at)
        may_hand_over_rest(asking.person, site.all_units, agent)  # else where somebody is, is not said either
        left = left_by(site, agent, today)
        duty = may_hand_over_rest(asking.person, site.units.with_above(left.unit, left.last), agent)
        leaving = Leaving(self._ledger, site.settings.site)
        return Leaver(agent, await leaving.hand_over(left, today, asking.under(duty), why), left)

    def _left(self, agent: str, today: date) -> Left | None:
        try:
            return left_by(self._site, agent, today)
        except LeavingError:
            return None


def left_by(site: Site, agent: str, today: date) -> Left:
    """LeavingError of who is there, will be, or never was."""
    days = site.agent_days
    if not days.knows(agent):
        raise LeavingError(agent, "stands on no line of the roster: nobody knows that they left", "leaver-unknown")
    ahead = [today + ONE_DAY * number for number in range(LOOKED_BACK_DAYS)]
    if unit := next((unit for day in ahead if (unit := days.unit(agent, day))), None):
        raise LeavingError(
            agent, f"is in {unit}, or will be: who is there spends their time themselves", "leaver-here", unit=unit
        )
    for number in range(1, LOOKED_BACK_DAYS):
        if unit := days.unit(agent, today - ONE_DAY * number):
            return Left(agent, unit, today - ONE_DAY * number)
    raise LeavingError(
        agent, f"was in no unit in the last {LOOKED_BACK_DAYS} days", "leaver-gone-long", most=LOOKED_BACK_DAYS
    )
