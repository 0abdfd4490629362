"""A site's configuration as the plain values that the floor, the bank and the pages are given."""

from collections import Counter
from functools import cached_property
from pathlib import Path

from ccd.floor.agents import AgentRules
from ccd.floor.crew import Owner
from ccd.floor.rules import QueueRule, ReasonRule, SeatRules
from ccd.org import roster_file
from ccd.org.roster import Roster
from ccd.org.units import Unit, Units
from ccd.settings import Settings
from ccd.settings import Reason as ReasonSettings

SECOND = 1_000_000  # µs


class Site:
    """Read once from settings and roster; a reload makes a new one, and keeps the old where the files have faults."""

    def __init__(self, settings: Settings, roster: Path | None = None) -> None:
        """Raises RosterError, which names every fault of the roster."""
        self.settings = settings
        units = {key: Unit(u.name, u.timezone, u.day_starts_at, u.parent) for key, u in settings.units.items()}
        self.units = Units(settings.timezone, settings.day_starts_at, units)
        file = roster or settings.roster
        self.roster = roster_file.read(file, self.units) if file else Roster()
        self.seat_rules = SeatRules(
            settings.floor.paused_in,
            settings.floor.other_call_while_paused,
            {name: QueueRule(queue.wrap_up_s, queue.counts) for name, queue in settings.queues.items()},
        )
        self.reasons = {
            name: _reason_rule(reason) for name, reason in settings.reasons.items() if reason.policy == "exempt"
        }
        self._rules: dict[str | None, AgentRules] = {}
        seats = Counter(entry.agent for entry in self.roster.entries)
        names_alone = {entry.agent for entry in self.roster.entries if not entry.interface}
        self._several = {agent for agent, count in seats.items() if count > 1} | names_alone

    def owner_of(self, pbx: str, seat: str, name: str, at: int) -> Owner | None:
        entry = self.roster.owner(pbx, seat, name, at)
        return None if entry is None else Owner(entry.agent, entry.unit, entry.agent in self._several)

    def rules_of(self, unit: str | None) -> AgentRules:
        if unit not in self._rules:
            self._rules[unit] = AgentRules(self.reasons, self.seat_rules, self.units.days(unit or ""))
        return self._rules[unit]

    @cached_property
    def roster_turns(self) -> list[int]:
        """The instants, µs, at which some roster line begins or ends."""
        return self.roster.borders(0, 1 << 62)

    @cached_property
    def seats_by_name(self) -> dict[str, str]:
        """Member name → interface, where the roster says both: queue_log names now the one, now the other."""
        return {e.member_name: e.interface for e in self.roster.entries if e.member_name and e.interface}


def _reason_rule(reason: ReasonSettings) -> ReasonRule:
    return ReasonRule(
        max_us=None if reason.max_s is None else reason.max_s * SECOND,
        max_day_us=None if reason.max_s_day is None else reason.max_s_day * SECOND,
    )
