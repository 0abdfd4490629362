"""Posting without a look first: all is presumed to be well, and the database finds out whether it is as it writes.

Everything is written or nothing. Nothing is where anything speaks against it: a balance, a month, a cap, a claimed key,
a reservation whose time is over. The desk then goes through it rule by rule, and says which it was.

What is presumed is the same on both databases; how it is written is not (`presumed_on_sqlite`,
`presumed_on_postgresql`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, NamedTuple

from ccd.errors import PostingError
from ccd.ledger.chart import Chart
from ccd.ledger.desk import Needs, asked_once, needs_of
from ccd.ledger.model import Draw, Outcome, Posting, PostingState
from ccd.ledger.rules import OPEN, Cap, Standing
from ccd.ledger.sheet import Sheet
from ccd.ledger.term_rows import TermRows

ENOUGH_S = 2**62  # presumed to be on each account, and under each cap as much to draw and to give back


class Draws(NamedTuple):
    """In seconds by cap: what is drawn, and what is given back, as numbers below 0."""

    drawn: dict[str, int]
    back: dict[str, int]


@dataclass(frozen=True, slots=True)
class Presumed:
    """Postings as they are going to stand if nothing speaks against them. On the sheet their numbers count from 1."""

    postings: Sequence[Posting]
    needs: Needs
    sheet: Sheet

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        """Of all, by the numbers that they got; of none where nothing was written."""
        now = self.sheet.now
        return [
            Outcome(posting.key, posting.revision, number, PostingState.POSTED, False, now)
            for posting, number in zip(self.postings, numbers, strict=bool(numbers))
        ]

    def guarded(self) -> list[int]:
        """The owners who have a balance to guard, by number."""
        chart = self.sheet.chart
        return [chart.owner_ids[name] for name in self.needs.owners & chart.guarded_owners]

    def draws(self) -> Draws:
        caps = self.needs.caps
        draws = Draws(dict.fromkeys(caps, 0), dict.fromkeys(caps, 0))
        for posting in self.postings:
            for draw in posting.terms:
                assert isinstance(draw, Draw)
                (draws.drawn if draw.seconds > 0 else draws.back)[draw.cap] += draw.seconds
        return draws

    def lowest(self) -> dict[int, int]:
        """How far below where it stands each balance comes, transfer by transfer, in seconds; 0 where it never does."""
        entries, changes = self.sheet.entries, self.sheet.changes
        if len(entries) == 1:
            return {account: min(change, 0) for account, change in changes.items()}
        moved, lowest = dict.fromkeys(changes, 0), dict.fromkeys(changes, 0)
        for _, _, debit, credit, seconds, *_ in entries:
            if credit in moved:
                moved[credit] += seconds
            if debit in moved:
                moved[debit] -= seconds
                lowest[debit] = min(lowest[debit], moved[debit])
        return lowest


def needs_if_alone(postings: Sequence[Posting]) -> Needs | None:
    """What is to be known of the chart before they are presumed; None where there are none, or one is asked twice."""
    alone = postings and len(asked_once(postings)) == len(postings)
    return needs_of(postings) if alone else None


def presume(
    chart: Chart, needs: Needs, postings: Sequence[Posting], now: int, keep_day: Callable[[date], Any]
) -> Presumed | None:
    """None: it is for the desk to say what becomes of them."""
    sheet = _presuming_sheet(chart, needs, now, keep_day)
    try:
        if any(sheet.put(posting) for posting in postings):
            return None  # it draws on a cap what no cap has
    except PostingError:
        return None  # its key may have been claimed: that is looked up first, and said instead
    return Presumed(postings, needs, sheet)


def depends_on_little(posting: Posting) -> bool:
    """What comes of it is known beforehand, but for whether it is allowed."""
    return all(isinstance(term, Draw) for term in posting.terms) and not any(leg.reverses for leg in posting.legs)


def _presuming_sheet(chart: Chart, needs: Needs, now: int, keep_day: Callable[[date], Any]) -> Sheet:
    debited = [chart.account_ids[account] for account in needs.debited if account in chart.account_ids]
    standing = Standing(
        months=dict.fromkeys(needs.months, OPEN),
        balances=dict.fromkeys(debited, ENOUGH_S),
        floors=dict.fromkeys(debited, 0),
        caps=dict.fromkeys(needs.caps, Cap(limit_s=2 * ENOUGH_S, drawn_s=ENOUGH_S)),
    )
    return Sheet(chart, standing, now, count(1), keep_day, TermRows(frozenset(needs.caps)))
