"""Quotas in hours as well as places, for holidays and by load; days off of a part of a day and of several days; what
was allocated by rule, with all that it follows from."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact, RowNumber

revision = "0022"
down_revision = "0021"

# What makes a row the same row: SQLite's INSERT OR REPLACE would put another in its place.
SAME = {
    "quotas": "id = new.id",
    "day_loads": "id = new.id",
    "allocations": "unit = new.unit AND day = new.day",
}
QUOTAS = ("id", "unit", "day", "weekday", "holds_from", "agents", "set_at", "set_by")


def upgrade() -> None:
    op.add_column("withdrawals", sa.Column("start_at", sa.BigInteger))
    op.add_column("withdrawals", sa.Column("end_at", sa.BigInteger))
    op.add_column("withdrawals", sa.Column("run", Exact))
    _quotas()
    op.create_table(
        "day_loads",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("load", Exact, nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("said_by", sa.Text, nullable=False),
    )
    op.create_index("ix_day_loads_day", "day_loads", ["day"])
    op.create_table(
        "allocations",
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        # Two who allocate a day at once: the second finds that it is done.
        sa.PrimaryKeyConstraint("unit", "day"),
    )
    for table, same in SAME.items():
        _keep(table, same)


def _quotas() -> None:
    """Made anew with what was said: a constraint of a table can't be changed in SQLite."""
    said = op.get_bind().execute(sa.text(f"SELECT {', '.join(QUOTAS)} FROM quotas ORDER BY id"))
    before = [tuple(row) for row in said]
    op.drop_table("quotas")
    op.create_table(
        "quotas",
        sa.Column("id", RowNumber, primary_key=True),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date),
        sa.Column("weekday", sa.Integer),
        sa.Column("load", Exact, nullable=False),
        sa.Column("holds_from", sa.Date, nullable=False),
        sa.Column("agents", sa.Integer, nullable=False),
        sa.Column("seconds", sa.BigInteger),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.CheckConstraint("agents >= 0", name="nobody_or_more"),
        sa.CheckConstraint("seconds >= 0", name="nothing_or_more"),
        sa.CheckConstraint("(day IS NULL) <> (weekday IS NULL)", name="one_day_or_a_weekday"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 7", name="known_weekday"),  # 7: statutory holidays
    )
    op.create_index("ix_quotas_unit", "quotas", ["unit"])
    columns = (*QUOTAS[1:], "load")
    into = f"INSERT INTO quotas ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"
    for row in before:
        op.get_bind().execute(sa.text(into), dict(zip(columns, (*row[1:], ""), strict=True)))


def _keep(table: str, same: str) -> None:
    """What was said stays as it was said; what holds now is what was said last."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
        return
    for name, when in (
        ("never_change", f"BEFORE UPDATE ON {table}"),
        ("never_go", f"BEFORE DELETE ON {table}"),
        ("are_never_replaced", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
    ):
        refuse = f"SELECT RAISE(ABORT, 'append-only: {table} stay as they are')"
        op.execute(f"CREATE TRIGGER {table}_{name} {when} BEGIN {refuse}; END")
