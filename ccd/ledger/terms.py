"""How a posting's terms are written down: the text is kept with the transaction and goes into its digest.

So reservations, caps and periods can be derived again from transactions alone. Pure.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, assert_never

from ccd.ledger.model import MONTH, Account, Close, Draw, Late, Limit, Reserve, Resolve, Term


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
    first, *said = json.loads(text)
    _day(*first)
    return tuple(_read(*one) for one in said)


def day_said(text: str) -> date:
    """That of the posting whose terms these are; the same errors."""
    first, *_ = json.loads(text)
    return _day(*first)


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


def _day(name: str, day: str) -> date:
    if name != "day":
        raise ValueError(f"no day of a posting: {name}")
    return date.fromisoformat(day)


def _read(name: str, *rest: Any) -> Term:
    match name, rest:
        case "draw", (str(cap), int(seconds)):
            return Draw(cap, seconds)
        case "limit", (str(cap), int(seconds)):
            return Limit(cap, seconds)
        case "reserve", (accounts, held, int(seconds), str(service), int() | None as expires_at):
            return Reserve(tuple(_account(*one) for one in accounts), _account(*held), seconds, service, expires_at)
        case "resolve", ((str(key), int(revision)), str(service), int(seconds), to):
            return Resolve((key, revision), service, seconds, None if to is None else _account(*to))
        case "close", ():
            return Close()
        case "late", (str(month),) if MONTH.fullmatch(month):
            return Late(month)
    raise ValueError(f"no term of a posting: {name}")


def _account(owner: Any, kind: Any) -> Account:
    if not (isinstance(owner, str) and isinstance(kind, str)):
        raise ValueError(f"no account: {kind} of {owner}")
    return Account(owner, kind)
