"""The days that the demo has behind it: each is lived through, acted on, and closed before the next begins."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.bank.withdrawal import ApplicationState
from ccd.commands.demo.centre import ORGANISATION, PBX, people_csv
from ccd.daemon.judged_by.imported import Imported, imported
from ccd.daemon.judged_by.replacing import Replacing
from ccd.daemon.run import Daemon
from ccd.daemon.services.withdrawals import withdrawals_of
from ccd.daemon.site import Site
from ccd.daemon.switches.past import live_through
from ccd.floor.days import SECOND
from ccd.floor.events import Heard, PbxEvent, Snapshot
from ccd.org.store import ORGANISATION as UNITS
from ccd.org.store import PEOPLE, ROSTER
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.coarse import coarse_day
from ccd.pbx.simulator.days import events_of_day
from ccd.pbx.simulator.life import midnight_of
from ccd.pbx.simulator.staff import Colleague, roster_csv
from ccd.settings import Settings
from ccd.web.organisation_api import Importer

DAYS_TOLD_FULLY = 2  # the last ones, call by call; of those before, the talk in blocks
AT_NIGHT = 600 * SECOND  # after midnight


async def import_organisation(
    engine: AsyncEngine, settings: Settings, people: tuple[Colleague, ...], now: int
) -> Imported:
    """Units, roster and people, as the commands import them."""
    replacing = Replacing(engine, lambda kept: Site(settings, *kept), lambda: now)
    asked = Importer("demo", "demo", "the demo's centre")
    for kind, text in ((UNITS, ORGANISATION), (ROSTER, roster_csv(people)), (PEOPLE, people_csv(people))):
        await replacing.take(kind, text, 0, asked, dry_run=False)
    return await imported(engine)


@dataclass(slots=True)
class Past:
    """`clock` stands, and is moved on; everything that was made takes its time from it. What its people have agreed on
    is done by who comes: `stays_s` after the shift, or, below zero, home before its end; `on_leave` not at all."""

    made: Daemon
    site: Site
    people: tuple[Colleague, ...]
    zone: ZoneInfo
    seed: int
    clock: VirtualClock
    stays_s: dict[tuple[str, date], int] = field(default_factory=dict)
    on_leave: set[tuple[str, date]] = field(default_factory=set)
    acts: int = 0

    def it_is(self, day: date, hour: time) -> None:
        """That time of the day, by the centre's clock."""
        self.clock.skip_to(self.instant(day, hour))

    def instant(self, day: date, hour: time) -> int:
        return round(datetime.combine(day, hour, self.zone).timestamp()) * SECOND

    def asking(self, login: str) -> Asking:
        """Somebody of the centre, who does the next act now."""
        self.acts += 1
        now = self.clock.now()
        return Asking(f"demo-{self.acts}", self.site.person(login, now), "demo", now)

    async def live(self, day: date, back: int) -> None:
        """The day, `back` days before today, and its night."""
        off = await withdrawals_of(self.made.ledger, self.site).calendar(day, day)
        away = {one.agent for one in off if one.state is ApplicationState.APPROVED and one.start is None}
        people = tuple(one for one in self.people if one.agent not in away and (one.agent, day) not in self.on_leave)
        await live_through(self.made.engine, self.site, PBX, self._said_on(people, day, back))
        self.clock.skip_to(midnight_of(day + timedelta(days=1), self.zone) + AT_NIGHT)
        await self._night()

    async def _night(self) -> None:
        """What the daemon's children do by themselves, once."""
        made = self.made
        await made.closer.close_due()
        await made.overtime.close_due()
        await made.days_off.release_due()
        await made.days_off.close_due()
        await made.days_off.revise_due()
        await made.months.look()
        await made.old_budgets.recall_due()

    def _said_on(self, people: tuple[Colleague, ...], day: date, back: int) -> Iterator[PbxEvent]:
        """Watched from before its first event to its very end."""
        yield Snapshot(midnight_of(day, self.zone), 0, ())
        if back > DAYS_TOLD_FULLY:
            stays_s = {agent: seconds for (agent, on), seconds in self.stays_s.items() if on == day}
            yield from coarse_day(people, day, self.zone, self.seed, stays_s)
        else:
            yield from events_of_day(people, day, self.zone, self.seed)
        yield Heard(midnight_of(day + timedelta(days=1), self.zone))
