"""Caps: what may be drawn on each, and what has been. They are rows of their own, and no accounts."""

from collections.abc import Iterable, Mapping, Set

from sqlalchemy import Connection, bindparam, select, update

from ccd.ledger.rules import Cap
from ccd.ledger.schema import caps
from ccd.sql.rows import among, insert_rows


def caps_under_lock(connection: Connection, names: Iterable[str]) -> dict[str, Cap]:
    """Those of the caps that were given a limit. Locked after owners, and nothing is locked after them."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    query = select(caps).where(among(connection, caps.c.name, wanted)).order_by(caps.c.name).with_for_update()
    return {row.name: Cap(row.limit_s, row.drawn_s) for row in connection.execute(query)}


def write_caps(connection: Connection, changed: Mapping[str, Cap], here: Set[str]) -> None:
    """`here` are those that have a row, under lock."""
    fresh = [(name, *cap) for name, cap in changed.items() if name not in here]
    insert_rows(connection, caps, ("name", "limit_s", "drawn_s"), fresh)
    rest = [{"of": name, "limit": cap.limit_s, "drawn": cap.drawn_s} for name, cap in changed.items() if name in here]
    if rest:
        changing = update(caps).where(caps.c.name == bindparam("of"))
        connection.execute(changing.values(limit_s=bindparam("limit"), drawn_s=bindparam("drawn")), rest)
