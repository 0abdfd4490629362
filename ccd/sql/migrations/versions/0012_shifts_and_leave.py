"""Shifts and leave: what other systems tell of agents' time, each as it was said and for as long as it holds.

The overlap is refused here because two imports that run side by side each see only what was there before: an agent
would have two shifts at a time, and each second of both.
"""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0012"
down_revision = "0011"

TABLES = {
    "shifts": ("breaks", "two shifts of an agent at a time"),
    "leaves": ("kind", "two leaves of an agent at a time"),
}
HOLDS = "until_at IS NULL"


def upgrade() -> None:
    for table, (what, _) in TABLES.items():
        _table(table, what)
    if op.get_context().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _table(table: str, what: str) -> None:
    checks = [sa.CheckConstraint("end_at > start_at", name="ends_after_it_starts")]
    if table == "shifts":
        checks.append(sa.CheckConstraint("end_at - start_at < 86400000000", name="is_shorter_than_a_day"))
    op.create_table(
        table,
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("source", Exact, nullable=False),
        sa.Column("uid", Exact, nullable=False),
        sa.Column("agent", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("start_at", sa.BigInteger, nullable=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column(what, sa.Text, nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("until_at", sa.BigInteger),
        *checks,
    )
    # A source's name for a shift or leave stands for one that holds.
    holds = sa.text(HOLDS)
    op.create_index(
        f"ix_{table}_uid", table, ["source", "uid"], unique=True, sqlite_where=holds, postgresql_where=holds
    )
    op.create_index(f"ix_{table}_agent", table, ["agent", "end_at"], sqlite_where=holds, postgresql_where=holds)
    op.create_index(f"ix_{table}_day", table, ["day"])


def _sqlite_triggers() -> None:
    for table, (what, two) in TABLES.items():
        columns = ("id", "source", "uid", "agent", "day", "start_at", "end_at", what, "said_at")
        same = " AND ".join(f"new.{column} IS old.{column}" for column in columns)
        # What holds does not overlap: of all that end later, the one that ends first also begins first.
        _sqlite_refuse(
            f"{table}_do_not_overlap",
            f"BEFORE INSERT ON {table} WHEN new.until_at IS NULL AND new.end_at > (SELECT start_at FROM {table} AS held"
            " WHERE held.agent = new.agent AND held.until_at IS NULL AND held.end_at > new.start_at"
            " ORDER BY held.end_at LIMIT 1)",
            two,
        )
        # What was said stays; only that it holds no more is added, once.
        _sqlite_refuse(
            f"{table}_only_end",
            f"BEFORE UPDATE ON {table} WHEN NOT (old.until_at IS NULL AND new.until_at IS NOT NULL AND {same})",
            f"append-only: of {table} only the end is added",
        )
        _sqlite_refuse(f"{table}_never_go", f"BEFORE DELETE ON {table}", f"append-only: {table} are never deleted")
        _sqlite_refuse(
            f"{table}_are_never_replaced",
            f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = new.id)",
            f"append-only: {table} already have this row",
        )


def _sqlite_refuse(name: str, when: str, sentence: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")


def _postgresql_triggers() -> None:
    for table, (what, two) in TABLES.items():
        # One writes at a time, and then sees what was committed before: no statement sees what another adds meanwhile.
        op.execute(
            f"""CREATE FUNCTION {table}_wait_for_each_other() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtext('ccd {table}'));
                RETURN NULL;
            END $$"""
        )
        op.execute(
            f"CREATE TRIGGER {table}_wait BEFORE INSERT OR UPDATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_wait_for_each_other()"
        )
        # Put in order, of two that meet some two that follow each other do: no row is held against each other one.
        op.execute(
            f"""CREATE FUNCTION {table}_look_for_two() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (
                    SELECT FROM (
                        SELECT end_at, lead(start_at) OVER (PARTITION BY agent ORDER BY start_at, end_at) AS next_at
                        FROM {table} WHERE until_at IS NULL AND agent IN (SELECT agent FROM added)
                        AND end_at > (SELECT min(start_at) FROM added)) AS held
                    WHERE next_at < end_at) THEN
                    RAISE EXCEPTION '{two}' USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NULL;
            END $$"""
        )
        op.execute(
            f"CREATE TRIGGER {table}_do_not_overlap AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_look_for_two()"
        )
        # What was said stays; only that it holds no more is added, once.
        columns = ("id", "source", "uid", "agent", "day", "start_at", "end_at", what, "said_at")
        new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("new", "old"))
        op.execute(
            f"CREATE TRIGGER {table}_only_end BEFORE UPDATE ON {table} FOR EACH ROW WHEN"
            f" (old.until_at IS NOT NULL OR new.until_at IS NULL OR ({new}) IS DISTINCT FROM ({old}))"
            f" EXECUTE FUNCTION ledger_only_goes_forward('append-only: of {table} only the end is added')"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_go BEFORE DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
