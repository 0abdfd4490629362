"""What became of measured days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import NamedTuple

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


class SettledDay(NamedTuple):
    """`legs`, of a dry run only: what would be posted."""

    agent: str
    day: date
    revision: int
    fate: Fate
    note: str = ""
    legs: tuple[Leg, ...] = ()


# What a settlement only counts: these are as they should be, and there can be a hundred thousand of them.
COMMON = frozenset({Fate.POSTED, Fate.NOTHING, Fate.REPLAYED})


@dataclass(slots=True)
class Settlement:
    """All days that were asked for, counted by fate; by name those that a person may look at (in a dry run: all)."""

    fates: Counter[Fate] = field(default_factory=Counter)
    days: list[SettledDay] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # agents whose accounts are others now

    def counts(self) -> dict[Fate, int]:
        return dict(self.fates)

    def agents_touched(self) -> set[str]:
        return self.touched

    def add(self, day: SettledDay, named: bool) -> None:
        self.fates[day.fate] += 1
        if day.fate is Fate.POSTED:
            self.touched.add(day.agent)
        if named or day.fate not in COMMON:
            self.days.append(day)


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
