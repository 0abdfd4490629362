"""What became of measured days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ccd.bank.facts import differing_fields
from ccd.bank.measured import Measured
from ccd.ledger.model import Kept, Leg, PostingState, Rule


class Fate(StrEnum):
    """What became of a measured day."""

    POSTED = "posted"
    NOTHING = "nothing"  # settled; no second had to move
    REPLAYED = "replayed"  # this revision was settled before
    STALE = "stale"  # a later revision was settled before
    REFUSED = "refused"  # the ledger refused it, now or at first: `note` says which rule
    MONTH_WAS_CLOSED = "month_was_closed"  # refused by an earlier release, for that: under a new revision it is posted
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
    """All days that were asked for, counted by fate; one by one those that a person may have to look at, or, where
    `named`, all of them."""

    named: bool = False
    fates: Counter[Fate] = field(default_factory=Counter)
    days: list[SettledDay] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # agents whose accounts are others now

    def add(self, measured: Measured, fate: Fate, note: str = "", legs: tuple[Leg, ...] = ()) -> None:
        self.fates[fate] += 1
        if fate is Fate.POSTED:
            self.touched.add(measured.agent)
        if self.named or fate not in COMMON:
            settled = SettledDay(
                measured.agent, measured.day, measured.revision, fate, note, legs if self.named else ()
            )
            self.days.append(settled)

    def revisions_of(self, fate: Fate) -> dict[str, int]:
        """Which revision of an agent's day had this fate, by agent; of a fate that is told one by one."""
        return {day.agent: day.revision for day in self.days if day.fate is fate}

    def merge(self, other: "Settlement") -> None:
        self.fates.update(other.fates)
        self.days += other.days
        self.touched |= other.touched


def known_fate(measured: Measured, kept: Sequence[Kept]) -> tuple[Fate, str] | None:
    """What became of the day before; None if this revision is still to be settled."""
    for one in kept:
        if one.revision == measured.revision:
            differing = differing_fields(one.facts, measured)
            if differing:
                return Fate.CONFLICT, ", ".join(differing)
            if one.refused_by is Rule.MONTH:
                return Fate.MONTH_WAS_CLOSED, ""
            return (Fate.REPLAYED, "") if one.state is PostingState.POSTED else (Fate.REFUSED, "as at first")
    if any(one.revision > measured.revision for one in kept if one.state is PostingState.POSTED):
        return Fate.STALE, ""
    if measured.unit is None and not kept:
        return Fate.OFF_ROSTER, ""
    return None
