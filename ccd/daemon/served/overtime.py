"""What agents see of their overtime while it runs, and who calls them out sees of who is there: figures up to where
the switches were heard; pages count on.

Many pages ask at once, so an emergency is reckoned once for all of them, and again when that is some seconds old.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from ccd.bank.overtime import Emergency, Paid
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.daemon.services.overtime import Overtime
from ccd.daemon.services.overtime_reckoning import GrowingDay, Reckoned, Reckoning
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.web.bank.overtime import MuchSaid, SoFar, WorkedSaid
from ccd.web.overtime_api import GrowingSaid, OvertimeSaid, RunningSaid

Asked = tuple[Emergency, tuple[OvertimeEntry, ...]]

KEPT_S = 5
NOTHING = OvertimeSaid(running=[], growing=None)


class OvertimeShown:
    """`now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, current: Current, now: Callable[[], int]) -> None:
        self._ledger, self._current, self._now = ledger, current, now
        self._asking, self._finding = asyncio.Lock(), asyncio.Lock()
        self._asked_at = -KEPT_S * SECOND
        self._reckoned: Mapping[Emergency, Reckoned] = {}
        self._found: dict[Asked, tuple[int, SoFar]] = {}  # with when it was asked

    async def of(self, agent: str) -> OvertimeSaid:
        """Of the emergencies that run now and in which the agent takes part."""
        return overtime_said(agent, await self._running())

    async def so_far(self, emergency: Emergency, entries: Sequence[OvertimeEntry]) -> SoFar:
        """When who was called was seen signed in, and what was worked in it, up to where the switches were heard; with
        these `entries`, so that whoever has just entered something sees it."""
        asked = emergency, tuple(entries)
        async with self._finding:  # agents who look at their own wait for none of it
            fresh = {one: kept for one, kept in self._found.items() if self._now() - kept[0] < KEPT_S * SECOND}
            if asked not in fresh:
                fresh[asked] = (self._now(), await self._reckon(emergency))
            self._found = fresh
        return fresh[asked][1]

    async def _reckon(self, emergency: Emergency) -> SoFar:
        site, engine = self._current.site, self._ledger.engine
        reckoned = await Reckoning(engine, site, self._now).of(emergency, running=True)
        much = await Overtime(self._ledger, site, self._now).too_much(reckoned.days)
        worked = [
            WorkedSaid(
                agent=day.agent, day=day.day, kind=day.kind, principal=paid.principal_s, entered=paid.entered_s,
                interest=paid.interest_s,
                warnings=[
                    MuchSaid(within=one.within, seconds=one.seconds, enough=one.enough_s)
                    for one in much[day.agent, day.day]
                ],
            )
            for day in reckoned.days
            if (paid := day.paid.get(reckoned.emergency)) is not None and paid.principal_s > 0
        ]  # fmt: skip
        return SoFar(reckoned.sign_ins, worked)

    async def _running(self) -> Mapping[Emergency, Reckoned]:
        async with self._asking:
            if self._now() - self._asked_at >= KEPT_S * SECOND:
                reckoning = Reckoning(self._ledger.engine, self._current.site, self._now)
                self._reckoned = {one: await reckoning.of(one, running=True) for one in await reckoning.running()}
                self._asked_at = self._now()
        return self._reckoned


def overtime_said(agent: str, reckoned: Mapping[Emergency, Reckoned]) -> OvertimeSaid:
    """Of an agent's two days, where an emergency runs over midnight, each figure is the sum; what grows is told of the
    one that runs, too, since each has its own interest."""
    found, growing = [], None
    for one, each in reckoned.items():
        days = [day for day in each.days if day.agent == agent]
        if not days:
            continue
        paid = {day.day: day.paid.get(one, Paid(0, 0)) for day in days}
        found.append(
            RunningSaid(
                emergency=one.id, level=one.level, interest_ppm=one.interest_ppm, round_up_s=one.round_up_s,
                starts=one.start / SECOND, ends=one.end / SECOND,
                principal=sum(part.principal_s for part in paid.values()),
                interest=sum(part.interest_s for part in paid.values()),
                measured=any(day.schedules for day in days),
            )
        )  # fmt: skip
        if (grows := each.growing.get(agent)) and grows.what.emergency == one.id:
            growing = _growing_said(grows, paid[grows.day.day])
    return OvertimeSaid(running=found, growing=growing) if found else NOTHING


def _growing_said(grows: GrowingDay, paid: Paid) -> GrowingSaid:
    what = grows.what
    return GrowingSaid(
        emergency=what.emergency, since=what.since / SECOND, until=what.until / SECOND, day_ends=grows.day.end / SECOND,
        worked=grows.measured / SECOND, principal=paid.principal_s, interest=paid.interest_s,
    )  # fmt: skip
