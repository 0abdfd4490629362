"""Caps: what may be drawn on each, and what has been. They are rows of their own, and no accounts."""

from collections.abc import Mapping, Set

from sqlalchemy import Connection

from ccd.ledger.rules import Cap
from ccd.ledger.schema import caps
from ccd.sql.plain import ask, ask_many
from ccd.sql.rows import insert_rows

CHANGE = """
UPDATE caps SET limit_s = asked.limit_s, drawn_s = asked.drawn_s
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS asked (name, limit_s, drawn_s) WHERE caps.name = asked.name
"""
CHANGE_ON_SQLITE = "UPDATE caps SET limit_s = ?2, drawn_s = ?3 WHERE name = ?1"


def write_caps(connection: Connection, changed: Mapping[str, Cap], here: Set[str]) -> None:
    """`here` are those that have a row, under lock."""
    rows = [(name, cap.limit_s, cap.drawn_s) for name, cap in changed.items()]
    insert_rows(connection, caps, ("name", "limit_s", "drawn_s"), [row for row in rows if row[0] not in here])
    rest = [row for row in rows if row[0] in here]
    if rest and connection.dialect.name == "sqlite":
        ask_many(connection, CHANGE_ON_SQLITE, rest)
    elif rest:
        ask(connection, CHANGE, tuple(zip(*rest, strict=True)))
