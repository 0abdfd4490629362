"""What a server may lack that speaks PostgreSQL's language, and how ccd does without.

Databases of many machines take that language, and leave out parts of it: triggers that look at a statement as a whole,
privileges on columns, settings of one machine's planner. What they lack is found by asking for it, not by their name;
docs/ledger.md 9 says what each costs to lack. Which numbers are still under way has its place in `ccd.sql.decided`.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from ccd.sql.plain import sqlstate

NOT_HAD = frozenset({"0A000", "42601"})  # feature_not_supported; syntax_error: its grammar has no words for it

SET_WHAT_THERE_IS = """
SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS wished (name, value)
WHERE current_setting(name, true) IS NOT NULL
"""

SEES_WHOLE_STATEMENTS = (
    "CREATE TABLE looked_at (id bigint)",
    "CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    """CREATE TRIGGER looks AFTER INSERT ON looked_at REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION looks()""",
    "DROP TABLE looked_at",
    "DROP FUNCTION looks()",
)
BY_ROW = (
    (re.compile(r" OR TRUNCATE\b"), ""),  # which has no rows, and is the owner's alone
    (re.compile(r" REFERENCING NEW TABLE AS added\b"), ""),
    (re.compile(r"\bFOR EACH STATEMENT\b"), "FOR EACH ROW"),
    (re.compile(r"\bFROM added\b(?!\.)"), "FROM (SELECT new.*) AS added"),
)
ITS_COLUMNS = re.compile(r"(?<=UPDATE) \([^)]*\)")


def tune(connection: Any, settings: Mapping[str, str]) -> None:
    """Settings of a driver's connection, for as long as it is open; those that the server does not know are left."""
    cursor = connection.cursor()
    cursor.execute(SET_WHAT_THERE_IS, (list(settings), list(settings.values())))
    cursor.close()
    connection.commit()


def check_by_row_where_it_must(connection: Connection) -> None:
    """Where the server has no triggers that see a whole statement, those that are made from now on look at each row:
    they hold the same, and ask once for each."""
    if not _does(connection, *SEES_WHOLE_STATEMENTS):
        event.listen(connection, "before_cursor_execute", _by_row, retval=True)


def grant(connection: Connection, statement: str) -> None:
    """Where the server has no privileges on columns, that on the table takes their place: in the ledger and in plans a
    trigger refuses what they would, elsewhere nothing does."""
    if not _does(connection, statement):
        connection.execute(text(ITS_COLUMNS.sub("", statement)))


def _does(connection: Connection, *statements: str) -> bool:
    """Whether the server has done all of these; none of them, where it has not."""
    try:
        with connection.begin_nested():
            for statement in statements:
                connection.execute(text(statement))
    except DBAPIError as error:
        if sqlstate(error) not in NOT_HAD:
            raise
        return False
    return True


def _by_row(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> tuple[str, Any]:
    if statement.lstrip().startswith("CREATE"):
        for whole, row in BY_ROW:
            statement = whole.sub(row, statement)
    return statement, values
