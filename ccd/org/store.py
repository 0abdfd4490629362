"""What an organisation imported, kept in SQL as it was written: each import in full, numbered, for ever.

The newest of a kind is what holds. What it says is reckoned from its text whenever it is asked for
(ccd.org.roster_file), so that there is nothing beside it that could say something else; and what is exported is what
was imported.
"""

from typing import NamedTuple

from sqlalchemy import CheckConstraint, Column, Connection, ForeignKey, Integer, Table, Text, insert, select

from ccd.errors import ChangedMeanwhileError
from ccd.org.acts import Act, is_noted, note_act
from ccd.sql.metadata import Exact, metadata

ROSTER = "roster"
ORGANISATION = "organisation"
PEOPLE = "people"
HOLIDAYS = "holidays"

org_imports = Table(
    "org_imports",
    metadata,
    Column("kind", Exact, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, by kind
    Column("text", Text, nullable=False),
    Column("act", Exact, ForeignKey("acts.id"), nullable=False, unique=True),
    CheckConstraint("number >= 1", name="is_counted_from_one"),
)


class KeptImport(NamedTuple):
    """The text of an import, and which of its kind it is."""

    number: int
    text: str


def newest_import(connection: Connection, kind: str) -> KeptImport | None:
    """What holds; None where nothing of the kind was ever imported."""
    row = connection.execute(
        select(org_imports.c.number, org_imports.c.text)
        .where(org_imports.c.kind == kind)
        .order_by(org_imports.c.number.desc())
        .limit(1)
    ).first()
    return None if row is None else KeptImport(row.number, row.text)


def numbered(connection: Connection, kind: str, number: int) -> KeptImport | None:
    text = connection.scalar(
        select(org_imports.c.text).where(org_imports.c.kind == kind, org_imports.c.number == number)
    )
    return None if text is None else KeptImport(number, text)


def newest_number(connection: Connection, kind: str) -> int:
    """0 where nothing of the kind was ever imported."""
    newest_first = select(org_imports.c.number).where(org_imports.c.kind == kind).order_by(org_imports.c.number.desc())
    return connection.scalar(newest_first.limit(1)) or 0


def take_import(connection: Connection, kind: str, text: str, instead_of: int, act: Act) -> KeptImport:
    """Keeps `text` as what holds instead of the import of that number (0: of none), and notes the act.

    ChangedMeanwhileError where another one holds by now: what the person was shown is not what this would change.
    """
    if is_noted(connection, act.id):  # the turn before this one was committed, and its answer lost
        return KeptImport(instead_of + 1, text)
    if (found := newest_number(connection, kind)) != instead_of:
        raise ChangedMeanwhileError(kind, found)
    note_act(connection, act)
    # Of two who get here at once, the key of the table lets in one; the other looks once more, and finds it.
    connection.execute(insert(org_imports).values(kind=kind, number=instead_of + 1, text=text, act=act.id))
    return KeptImport(instead_of + 1, text)
