"""Limits of caps follow what is known when something is drawn on them, in the transaction that draws."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from ccd.bank.at_desk import revision_after
from ccd.bank.cap import CapWanted
from ccd.bank.facts import as_facts
from ccd.ledger.desk import Desk
from ccd.ledger.model import Limit, Posting


class CapChange(NamedTuple):
    """Whose doing it is: the book and the day that it is for, and the person."""

    book: str
    day: date
    by: str


def limits(desk: Desk, wanted: Mapping[str, CapWanted], asked: CapChange) -> list[Posting]:
    """What brings each cap to its limit, or to what was drawn on it where that is more; of those that are there,
    nothing. Months and owners have to be under lock."""
    caps = desk.caps(wanted)
    new = {}
    for name, (limit, _) in wanted.items():
        cap = caps.get(name)
        least = max(limit, cap.drawn_s if cap else 0)
        if cap is None or cap.limit_s != least:
            new[name] = least
    kept = desk.revisions([_key(name) for name in new]) if new else {}
    postings = []
    for name, limit in new.items():
        facts = as_facts(wanted[name].facts)
        posting = Posting(_key(name), revision_after(kept.get(_key(name), ())), asked.book, asked.day, (), asked.by)
        postings.append(posting._replace(facts=facts, terms=(Limit(name, limit),)))
    return postings


def _key(cap: str) -> str:
    return f"limit/{cap}"
