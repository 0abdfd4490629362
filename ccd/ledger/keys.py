"""Idempotency by fact (docs/time-bank.md 4): the same key with the same content finds its first outcome again.

Looked up before any rule is checked, so that a month that was closed since can't break a retry.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from ccd.errors import KeyTakenError
from ccd.ledger.model import (
    Account,
    Claim,
    Kept,
    Leg,
    Outcome,
    Posting,
    PostingState,
    Refusal,
    Rule,
    Transfer,
    key_spelled,
)
from ccd.ledger.rules import Original
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.ledger.terms import asked_text, fields_that_differ, makes_legs, read_terms, terms_text
from ccd.sql.rows import among


def revisions_of(connection: Connection, keys: Iterable[str]) -> dict[str, list[Kept]]:
    """All claimed revisions of the keys, lowest first; keys that were never claimed are left out."""
    kept = transactions.c
    found: dict[str, list[Kept]] = {}
    rows = connection.execute(
        select(kept.key, kept.id, kept.revision, kept.state, kept.book, kept.facts, kept.refusal)
        .where(among(connection, kept.key, keys))
        .order_by(kept.key, kept.revision)
    )
    for key, number, revision, state, book, facts, refusal in rows:
        rule = Rule(json.loads(refusal)["rule"]) if refusal else None
        found.setdefault(key, []).append(Kept(number, revision, PostingState(state), book, facts, rule))
    return found


def first_outcomes(connection: Connection, postings: Sequence[Posting]) -> dict[Claim, Outcome]:
    """The outcomes of those postings whose keys are claimed; KeyTakenError where one has another content."""
    asked = {(posting.key, posting.revision): posting for posting in postings}
    keys = {posting.key for posting in postings}
    rows = connection.execute(select(transactions).where(among(connection, transactions.c.key, keys)))
    found = {(row.key, row.revision): row for row in rows.all() if (row.key, row.revision) in asked}
    legs = _legs_of(connection, [row.id for row in found.values() if row.legs])
    for claim, row in found.items():
        compare(asked[claim], _stored_content(connection, row, legs.get(row.id, [])))
    return {claim: _outcome(row) for claim, row in found.items()}


def compare(posting: Posting, stored: dict[str, Any]) -> None:
    """KeyTakenError that names the fields in which the posting is not the one that claimed its key."""
    asked, stored = _with_day(content_of(posting)), _with_day(stored)
    differing = {field for field in asked if asked[field] != stored[field]}
    if "terms" in differing:
        differing = differing - {"terms"} | fields_that_differ(asked["terms"], stored["terms"])
    if differing:
        raise KeyTakenError(posting.spelled, tuple(sorted(differing)))


def _with_day(content: dict[str, Any]) -> dict[str, Any]:
    """The day by itself, also where it stands before the terms in their text: it is no term to whoever asked."""
    if not content["terms"]:
        return {**content, "terms": []}
    (_, day), *terms = json.loads(content["terms"])
    return {**content, "day": day, "terms": terms}


def content_of(posting: Posting) -> dict[str, Any]:
    """What makes a posting the same posting. Without legs there is no entry to keep the day: its month has to do.

    With terms, the day stands in their text; legs that a term made are not compared, the term is.
    """
    day = posting.day.isoformat() if posting.legs else posting.month
    return {
        "book": posting.book,
        "day": "" if posting.terms else day,
        "legs": [leg_content(leg) for leg in posting.legs],
        "terms": asked_text(terms_text(posting.terms, posting.day)),
        "asked_by": posting.asked_by,
        "reference": posting.reference,
        "text": posting.text,
        "facts": posting.facts,
    }


def leg_content(leg: Leg) -> list[Any]:
    return [*leg.debit, *leg.credit, leg.seconds, leg.service, list(leg.reverses) if leg.reverses else None]


def refusal_text(posting: Posting, refusal: Refusal, originals: Mapping[Transfer, Original]) -> str:
    """What is kept of a refusal: the rule, its sentence, and what was asked for (there are no entries to tell it). What
    was to be taken back goes by its transaction's key, as in a digest: the text is part of one."""
    content = content_of(posting)
    legs = [[*said, _by_key(Transfer(*back), originals) if back else None] for *said, back in content["legs"]]
    about = {name: value for name, value in refusal._asdict().items() if value is not None}
    kept = {**about, "rule": refusal.rule.value, "day": content["day"], "legs": legs}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _legs_of(connection: Connection, numbers: list[int]) -> dict[int, list[tuple[str, list[Any]]]]:
    """By transaction: the day and content of each leg, in order."""
    debit, credit = accounts.alias("debit"), accounts.alias("credit")
    debit_owner, credit_owner = owners.alias("debit_owner"), owners.alias("credit_owner")
    if not numbers:
        return {}
    rows = connection.execute(
        select(entries, debit_owner.c.name, debit.c.kind, credit_owner.c.name, credit.c.kind)
        .join(debit, entries.c.debit == debit.c.id)
        .join(debit_owner, debit.c.owner_id == debit_owner.c.id)
        .join(credit, entries.c.credit == credit.c.id)
        .join(credit_owner, credit.c.owner_id == credit_owner.c.id)
        .where(among(connection, entries.c.transaction_id, numbers))
        .order_by(entries.c.transaction_id, entries.c.leg)
    )
    found: dict[int, list[tuple[str, list[Any]]]] = {}
    for row in rows:
        reverses = [row.reverses_transaction, row.reverses_leg] if row.reverses_leg else None
        content = [*row[-4:], row.seconds, row.service, reverses]
        found.setdefault(row.transaction_id, []).append((row.day.isoformat(), content))
    return found


def _by_key(back: Transfer, originals: Mapping[Transfer, Original]) -> list[Any]:
    """Its number where there is no such transfer: a closed month refuses before that is looked at."""
    original = originals.get(back)
    return [original.posted_by if original else back.transaction, back.leg]


def _by_number(connection: Connection, legs: list[list[Any]]) -> list[list[Any]]:
    """Those of a refusal as they were asked for. The first releases kept a number of what was to be taken back."""
    named = {back[0] for *_, back in legs if back and isinstance(back[0], str)}
    if not named:
        return legs
    kept, keys = transactions.c, {spelled.rpartition("/r")[0] for spelled in named}
    rows = connection.execute(select(kept.id, kept.key, kept.revision).where(among(connection, kept.key, keys)))
    numbers = {key_spelled(key, revision): number for number, key, revision in rows}
    return [[*said, [numbers.get(back[0], back[0]), back[1]] if back else None] for *said, back in legs]


def _stored_content(connection: Connection, row: Row[Any], legs: list[tuple[str, list[Any]]]) -> dict[str, Any]:
    content = {field: getattr(row, field) for field in ("book", "asked_by", "reference", "text", "facts")}
    content["terms"] = asked_text(row.terms)
    if row.refusal:
        kept = json.loads(row.refusal)
        return {**content, "day": kept["day"], "legs": _by_number(connection, kept["legs"])}
    if makes_legs(read_terms(row.terms)):
        return {**content, "day": "", "legs": []}
    day = legs[0][0] if legs else row.month
    return {**content, "day": "" if row.terms else day, "legs": [leg for _, leg in legs]}


def _outcome(row: Row[Any]) -> Outcome:
    refusal = None
    if row.refusal:
        kept = json.loads(row.refusal)
        account = Account(*kept["account"]) if "account" in kept else None
        figures = (kept.get(name) for name in ("cap", "amount_s", "limit_s"))  # not kept by the first releases
        refusal = Refusal(Rule(kept["rule"]), kept["sentence"], account, *figures)
    return Outcome(row.key, row.revision, row.id, PostingState(row.state), True, row.recorded_at, refusal)
