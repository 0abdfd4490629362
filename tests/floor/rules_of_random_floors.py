"""A random floor's choices, which speak the slow calculator's words, in ccd's."""

from collections.abc import Mapping
from datetime import date

from ccd.floor.agents import AgentRules
from ccd.floor.days import BusinessDays
from ccd.floor.owners import Owner, OwnerOf
from ccd.floor.rules import QueueRule, ReasonRule, Reasons, SeatRules
from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Roster, RosterLine
from tests.floor.random_floors import RandomFloor
from tests.slow_rules import SECOND, Reason, Rules


def agent_rules(rules: Rules) -> AgentRules:
    queues = {
        queue: QueueRule(rules.wrap_up_s.get(queue, 0), queue not in rules.not_counting)
        for queue in {*rules.wrap_up_s, *rules.not_counting}
    }
    seats = SeatRules(rules.paused_in, rules.other_call_while_paused, queues)  # type: ignore[arg-type]  # plain strings
    later = tuple((date.fromisoformat(day), exempt(reasons)) for day, reasons in sorted(rules.reasons_later.items()))
    days = BusinessDays(rules.timezone, rules.day_starts_at)
    return AgentRules(Reasons(exempt(rules.reasons), later), seats, days)


def exempt(reasons: Mapping[str, Reason]) -> dict[str, ReasonRule]:
    return {
        name: ReasonRule(*(None if s is None else s * SECOND for s in (reason.max_s, reason.max_s_day)))
        for name, reason in reasons.items()
        if reason.exempt
    }


def owner_of(floor: RandomFloor) -> tuple[OwnerOf, list[int]]:
    """Whose a seat is, and the instants at which that may change."""
    roster = Roster(
        RosterLine(
            n, r.agent, r.interface or "", r.member_name or "", "team", r.pbx or "",
            BEFORE_ALL if r.starts is None else r.starts, AFTER_ALL if r.ends is None else r.ends,
        )
        for n, r in enumerate(floor.rules.roster)
    )  # fmt: skip

    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        entry = roster.owner(pbx, seat, name, at)
        return Owner(entry.agent, entry.unit, True) if entry else None

    return owner, roster.borders(BEFORE_ALL, AFTER_ALL)
