"""What became of measured days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from ccd.bank.facts import differing_fields
from ccd.bank.measured import Measured
from ccd.ledger.model import Kept, Leg, State


class Fate(Enum):
    """What became of a measured day."""

    POSTED = "posted"
    NOTHING = "nothing"  # settled; no second had to move
    REPLAYED = "replayed"  # this revision was settled before
    STALE = "stale"  # a later revision was settled before
    REFUSED = "refused"  # the ledger refused it, now or at first: `note` says which rule
    CONFLICT = "conflict"  # this revision was settled before with another record: `note` names the fields
    OFF_ROSTER = "off_roster"  # on no roster: recorded, not settled


@dataclass(frozen=True, slots=True)
class SettledDay:
    """`legs` is what was posted now (would be, in a dry run)."""

    agent: str
    day: date
    revision: int
    fate: Fate
    legs: tuple[Leg, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """All days that were asked for, by day and agent."""

    days: tuple[SettledDay, ...]

    def counts(self) -> dict[Fate, int]:
        return dict(Counter(day.fate for day in self.days))

    def agents_touched(self) -> set[str]:
        """Whose account is another now."""
        return {day.agent for day in self.days if day.fate is Fate.POSTED}


def known_fate(measured: Measured, kept: Sequence[Kept]) -> tuple[Fate, str] | None:
    """What became of the day before; None if this revision is still to be settled."""
    for one in kept:
        if one.revision == measured.revision:
            differing = differing_fields(one.facts, measured)
            if differing:
                return Fate.CONFLICT, ", ".join(differing)
            return (Fate.REPLAYED, "") if one.state is State.POSTED else (Fate.REFUSED, "as at first")
    if any(one.revision > measured.revision for one in kept if one.state is State.POSTED):
        return Fate.STALE, ""
    if measured.unit is None and not kept:
        return Fate.OFF_ROSTER, ""
    return None
