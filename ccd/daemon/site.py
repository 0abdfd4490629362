"""A site's configuration as the plain values that the floor, the bank and the pages are given."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from ccd.bank.branch import Branch
from ccd.bank.policy import Policy
from ccd.daemon.judged_by.published import NOTHING_PUBLISHED, Published, waiting_said
from ccd.daemon.policies import policies_of
from ccd.floor.agents import AgentRules
from ccd.floor.days import SECOND
from ccd.floor.own_days import OwnDays
from ccd.floor.owners import NEVER, Owner
from ccd.floor.rules import ALWAYS, QueueRule, ReasonRule, Reasons, SeatRules
from ccd.floor.spans import Span
from ccd.history.close import MeasuredBy
from ccd.history.whose import Measuring
from ccd.ledger.books import Ledger
from ccd.org import organisation_file, people_file, roster_file
from ccd.org.agent_days import AgentDays
from ccd.org.csv_faults import Written
from ccd.org.people import Person
from ccd.org.roster import RosterLine
from ccd.org.staff import Staff
from ccd.org.units import Unit, Units
from ccd.settings import Policy as PolicySettings
from ccd.settings import Reason as ReasonSettings
from ccd.settings import Settings
from ccd.settings.judged import judged_on, judgements
from ccd.web.account_api import AgentFacts
from ccd.web.contract import PolicySaid, ReasonSaid, SiteSaid, UnitSaid


class Site:
    """Read once from settings and roster; a reload makes a new one, and keeps the old where the files have faults."""

    def __init__(
        self,
        settings: Settings,
        roster: Path | Written | None = None,
        organisation: Written | None = None,
        people: Written | None = None,
        published: Published = NOTHING_PUBLISHED,
    ) -> None:
        """`roster`, `organisation` and what was published instead of what the settings say; what these say is `wished`.
        Raises RosterError or ImportFaultsError, which names every fault of it."""
        self.settings = settings
        self.organisation_said = organisation
        self.units = _units_of(settings) if organisation is None else organisation_file.parse(
            organisation.text, organisation.file, settings.timezone, settings.day_starts_at, not organisation.number
        )  # fmt: skip
        self.roster_said = roster if isinstance(roster, Written) else _as_it_is_now(roster or settings.roster)
        self.roster = roster_file.parse(self.roster_said.text, self.roster_said.file, self.units)
        self.people_said = people
        self.staff = Staff() if people is None else people_file.parse(
            people.text, people.file, self.units, self.all_units
        )  # fmt: skip
        self.published, self.wished = published, settings
        if self.needs_second:
            self.settings = settings = published.held(settings)
        self.seat_rules = SeatRules(
            settings.floor.paused_in,
            settings.floor.other_call_while_paused,
            {name: QueueRule(queue.wrap_up_s, queue.counts) for name, queue in settings.queues.items()},
        )
        self.reasons = _reasons(settings.reasons)
        self.policies = policies_of(settings.policy)
        self._personal = frozenset(name for name, reason in settings.reasons.items() if reason.personal)
        self._rules: dict[str | None, AgentRules] = {}
        # Each seat's lines under each name it has been seen with: asked with every transition.
        self._lines: dict[tuple[str, str, str], tuple[tuple[int, int, Owner], ...]] = {}
        seats = Counter(entry.agent for entry in self.roster.entries)
        # A name is met on any interface, and where there are several PBXs, an interface on each of them.
        anywhere = {
            entry.agent
            for entry in self.roster.entries
            if not entry.interface or (not entry.pbx and len(settings.pbx) > 1)
        }
        self._member_names = {entry.agent: entry.member_name for entry in self.roster.entries if entry.member_name}
        self._several = {agent for agent, count in seats.items() if count > 1} | anywhere

    # --- whose, and by what rules ------------------------------------------------------------------------------------

    def owner_of(self, pbx: str, seat: str, name: str, at: int) -> Owner | None:
        lines = self._lines.get((pbx, seat, name))
        if lines is None:
            found = self.roster.lines(pbx, seat, name)
            lines = self._lines[pbx, seat, name] = tuple(part for line in found for part in self._owners(line))
        for start, end, owner in lines:
            if start <= at < end:
                return owner
        return None

    def _owners(self, line: RosterLine) -> Iterator[tuple[int, int, Owner]]:
        """The line's span, in parts where its agent moves: who has another line besides, as a bounded one of another
        unit, is in that unit on every seat."""
        if line.agent not in self.moves:
            yield line.start, line.end, self._owner(line.agent, line.unit)
            return
        for unit, begins, ends in self.roster.stays(line.agent):
            start = line.start if begins is None else max(line.start, begins)
            end = line.end if ends is None else min(line.end, ends)
            if start < end:
                yield start, end, self._owner(line.agent, unit)

    def _owner(self, agent: str, unit: str) -> Owner:
        return Owner(agent, unit, agent in self._several)

    def everybody(self, at: int) -> Iterator[Owner]:
        """Who is on the roster at an instant, µs, whether a seat has been seen of them or not: each agent once."""
        for agent in self.roster.agents:
            unit = self.roster.unit(agent, at)
            if unit is not None:
                yield self._owner(agent, unit)

    def name_of(self, agent: str) -> str:
        """What people call the agent, else the member name; empty where the roster says neither."""
        return name if (name := self.roster.name(agent)) != agent else self._member_names.get(agent, "")

    def rules_of(self, unit: str | None) -> AgentRules:
        if unit not in self._rules:
            self._rules[unit] = AgentRules(self.reasons, self.seat_rules, self.units.days(unit or ""))
        return self._rules[unit]

    @cached_property
    def agent_days(self) -> AgentDays:
        return AgentDays(self.roster, self.units)

    def branch(self, ledger: Ledger) -> Branch:
        return Branch(ledger, self.units, self.policies, self.agent_days, self.settings.site)

    @cached_property
    def measuring(self) -> Measuring:
        return Measuring(
            self.owner_of,
            self.roster_borders,
            self.rules_of,
            self.moves,
            self.agent_days.met,
            self.agent_days.ever_in,
            self.units.with_above,
            self.roster.interfaces,
            self.staff.part_time_on,
        )

    @cached_property
    def moves(self) -> Mapping[str, OwnDays]:
        """Of the agents who change units, their own days."""
        return {agent: OwnDays(self.roster.stays(agent), self.units.days) for agent in self.roster.movers}

    def own_days(self, agent: str) -> OwnDays | None:
        return self.moves.get(agent)

    @cached_property
    def roster_borders(self) -> list[int]:
        """The instants, µs, at which some roster line begins or ends."""
        return self.roster.borders(0, NEVER)

    @cached_property
    def rostered_units(self) -> tuple[str, ...]:
        return tuple(sorted({entry.unit for entry in self.roster.entries} | set(self.units)))

    @cached_property
    def all_units(self) -> tuple[str, ...]:
        """Those on the roster and in the configuration, and whatever stands, or ever stood, above one of them."""
        above = {one.parent for unit in self.units for one in self.units.versions(unit) if one.parent is not None}
        return tuple(sorted({*self.rostered_units, *above}))

    def with_below(self, units: Iterable[str], at: int) -> frozenset[str]:
        """These units and what stands below them, by the site's day that runs at an instant, µs."""
        return self.units.with_below(units, self.units.site_day(at))

    @property
    def needs_second(self) -> bool:
        """Whether a change of policy, or of the past, waits for a second person: as soon as there can be one."""
        return self.settings.second_person == "always" or len(self.staff.administrators(_now())) > 1

    @property
    def waiting(self) -> list[str]:
        """What the configuration says days are judged by, and does not hold yet, in words."""
        return list(waiting_said(self.published, self.settings, self.wished))

    @property
    def imports(self) -> tuple[int, ...]:
        """The numbers of what was imported and holds (ccd.daemon.judged_by.imported.Imported.numbers)."""
        said = (self.roster_said, self.organisation_said, self.people_said)
        return tuple(each.number if each else 0 for each in said)

    @property
    def numbers(self) -> tuple[int, ...]:
        """These, and that of the policies that were agreed to."""
        return (*self.imports, self.published.number)

    def person(self, login: str, at: int, said: str = "") -> Person:
        """Who asks by command, at an instant, µs: see ccd.org.staff.Staff.person."""
        return self.staff.person(login, at, said)

    def signed_in(self, person: Person) -> Person:
        """Who signs in to the pages, as they are now: by people's own time, whatever the floor's is."""
        return self.staff.signed_in(person, _now())

    def newest_day(self, at: int) -> date:
        """The newest business day that has begun in any unit at an instant, µs."""
        return max(self.units.days(unit).at(at).day for unit in (*self.rostered_units, ""))

    def first_start(self, day: date) -> int:
        """When that business day begins in the unit in which it begins first, µs."""
        return min(self.units.days(unit).of_date(day).start for unit in (*self.rostered_units, ""))

    def span_of_days(self, first: date, last: date) -> Span:
        """From when the first of these business days begins in any unit until the last is over in all."""
        clocks = [self.units.days(unit) for unit in (*self.all_units, "")]
        return Span(min(each.of_date(first).start for each in clocks), max(each.of_date(last).end for each in clocks))

    def next_border(self, at: int) -> int:
        """The first instant after `at`, µs, at which a business day of some unit begins or a roster line does."""
        midnights = [self.units.days(unit).at(at).end for unit in (*self.rostered_units, "")]
        return min(*midnights, *self.roster.borders(at, NEVER)[:1], NEVER)

    def last_border(self, at: int) -> int:
        """The last instant up to `at`, µs, and `at` among them, at which one of these began or ended."""
        midnights = [self.units.days(unit).at(at).start for unit in (*self.rostered_units, "")]
        return max([*midnights, *self.roster.borders(0, at + 1)[-1:]])

    def judged_by(self, policies: Iterable[PolicySettings]) -> "Site":
        """The same units and agents, by other policies."""
        settings = self.settings.model_copy(update={"policy": tuple(policies)})
        return Site(settings, self.roster_said, self.organisation_said, self.people_said)

    @property
    def measured_by(self) -> MeasuredBy:
        return MeasuredBy(self.rostered_units, self.measuring, self.policies)

    # --- what the pages are told -------------------------------------------------------------------------------------

    def running(self, unit: str | None, at: int) -> tuple[date, Policy]:
        """The unit's business day that runs at an instant, µs, and its policy."""
        day = self.units.days(unit or "").at(at).day
        return day, self.policies.policy_at(unit or None, day)

    def agent_facts(self, agent: str, at: int) -> AgentFacts:
        unit = self.roster.unit(agent, at) or ""
        day, policy = self.running(unit, at)
        share_ppm = self.staff.contract_ppm(agent, day)
        said = PolicySaid(
            rate_ppm=policy.rate_ppm, expected_base_s=policy.of_a_day(policy.expected_base_s, share_ppm),
            base_s_max=policy.of_a_day(policy.base_s_max, share_ppm),
            allowance_min_s=policy.allowance_min_s, overdraft_takes=list(policy.overdraft_takes),
        )  # fmt: skip
        return AgentFacts(self.name_of(agent) or agent, unit, said)

    def said(self, at: int) -> SiteSaid:
        """The reasons as they are judged on the site's business day that runs at an instant, µs."""
        settings, pages = self.settings, self.settings.pages
        today = self.units.site_day(at)
        return SiteSaid(
            site=settings.site,
            timezone=settings.timezone,
            day_starts_at=self.units.days("").clock[1],
            units=[self._unit_said(unit) for unit in self.rostered_units],
            reasons={name: _reason_said(name, reason, today) for name, reason in settings.reasons.items()},
            pause_threshold_s=pages.pause_threshold_s,
            wait_threshold_s=pages.wait_threshold_s,
            nudge_left_s=pages.nudge_left_s,
            nudge_pause_s=pages.nudge_pause_s,
        )

    def _unit_said(self, unit: str) -> UnitSaid:
        timezone, day_starts_at = self.units.days(unit).clock
        return UnitSaid(unit=unit, name=self.units.name(unit), timezone=timezone, day_starts_at=day_starts_at)

    def is_personal(self, reason: str) -> bool:
        return reason in self._personal


@dataclass(slots=True)
class Current:
    """The site that holds now: a reload puts another in its place. Whoever needs it asks when it is needed.

    `shown` is ahead of `site` while a reload waits for a day that is being closed: what only is shown waits for nobody.
    """

    site: Site
    shown: Site


def _now() -> int:
    """People's own time, µs."""
    return round(time.time() * SECOND)


def _units_of(settings: Settings) -> Units:
    units = {key: Unit(u.name, u.timezone, u.day_starts_at, u.parent) for key, u in settings.units.items()}
    return Units(settings.timezone, settings.day_starts_at, units)


def _as_it_is_now(file: Path | None) -> Written:
    """Kept with the site: the file may say something else by the time that it is applied."""
    return Written(Path(), roster_file.EMPTY) if file is None else Written(file, roster_file.text_of(file))


def _reasons(given: Mapping[str, ReasonSettings]) -> Reasons:
    always, *later = sorted({starts for reason in given.values() for starts, _ in judgements(reason)} | {ALWAYS})
    return Reasons(_exempt_on(given, always), tuple((day, _exempt_on(given, day)) for day in later))


def _exempt_on(given: Mapping[str, ReasonSettings], day: date) -> dict[str, ReasonRule]:
    judged = {name: judged_on(reason, day) for name, reason in given.items()}
    return {
        name: ReasonRule(
            max_us=None if one.max_s is None else one.max_s * SECOND,
            max_day_us=None if one.max_s_day is None else one.max_s_day * SECOND,
        )
        for name, one in judged.items()
        if one.policy == "exempt"
    }


def _reason_said(name: str, reason: ReasonSettings, today: date) -> ReasonSaid:
    judged = judged_on(reason, today)
    return ReasonSaid(
        zh=reason.zh or name, en=reason.en or name, policy=judged.policy, personal=reason.personal,
        threshold_s=reason.threshold_s, max_s=judged.max_s, max_s_day=judged.max_s_day,
    )  # fmt: skip
