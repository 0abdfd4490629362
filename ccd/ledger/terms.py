"""How a posting's terms are written down: the text is kept with the transaction and goes into its digest.

So reservations, caps and periods can be derived again from transactions alone. Pure.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, assert_never

from ccd.ledger.model import Account, Close, Draw, Late, Limit, Reserve, Resolve, Term


def terms_text(terms: Sequence[Term], day: date) -> str:
    """As they are kept, compared and hashed, after the day of the posting; empty for none."""
    if not terms:
        return ""
    said = [["day", day.isoformat()], *(_said(term) for term in terms)]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def read_terms(text: str) -> tuple[Term, ...]:
    """ValueError or TypeError where the text is none of ours."""
    if not text:
        return ()
    _, *said = json.loads(text)
    return tuple(_read(*one) for one in said)


def day_said(text: str) -> date:
    """That of the posting whose terms these are; the same errors."""
    _, said = json.loads(text)[0]
    return date.fromisoformat(said)


def asked_text(text: str) -> str:
    """Of terms as they are kept: what was asked for. In which month it came to count is not part of that."""
    if '["late",' not in text:
        return text
    said = [term for term in json.loads(text) if term[0] != "late"]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def fields_that_differ(asked: Sequence[list[Any]], stored: Sequence[list[Any]]) -> set[str]:
    """Of terms as they are said, what is another, `expires_at`; `terms` where they are not the same ones."""
    if [term[0] for term in asked] != [term[0] for term in stored]:
        return {"terms"}
    pairs = [(_read(*one), _read(*other)) for one, other in zip(asked, stored, strict=True)]
    return {field for one, other in pairs for field in one._fields if getattr(one, field) != getattr(other, field)}


def makes_legs(terms: Iterable[Term]) -> bool:
    """The transfers follow from what is found under lock: who asks again can't say them."""
    return any(isinstance(term, (Reserve, Resolve)) for term in terms)


def _said(term: Term) -> list[Any]:
    match term:
        case Draw():
            return ["draw", *term]
        case Limit():
            return ["limit", *term]
        case Reserve(accounts, held, seconds, service, expires_at):
            return ["reserve", [list(one) for one in accounts], list(held), seconds, service, expires_at]
        case Resolve(reservation, service, seconds, to):
            return ["resolve", list(reservation), service, seconds, list(to) if to else None]
        case Close():
            return ["close"]
        case Late(month):
            return ["late", month]
        case _:
            assert_never(term)


def _read(name: str, *rest: Any) -> Term:
    match name, rest:
        case "draw", (cap, seconds):
            return Draw(cap, seconds)
        case "limit", (cap, seconds):
            return Limit(cap, seconds)
        case "reserve", (accounts, held, seconds, service, expires_at):
            return Reserve(tuple(Account(*one) for one in accounts), Account(*held), seconds, service, expires_at)
        case "resolve", ((key, revision), service, seconds, to):
            return Resolve((key, revision), service, seconds, Account(*to) if to else None)
        case "close", ():
            return Close()
        case "late", (month,):
            return Late(month)
    raise ValueError(f"no term of a posting: {name}")
