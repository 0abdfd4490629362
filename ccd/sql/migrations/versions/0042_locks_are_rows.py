"""What is locked by a name is a row, which every server that speaks PostgreSQL's language locks alike.

Who adds shifts or leave waited for each other before their statement; now it is before they are held against what is
there, of which each sees what was committed until then.
"""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0042"
down_revision = "0041"

TOLD = {"shifts": "two shifts of an agent at a time", "leaves": "two leaves of an agent at a time"}


def upgrade() -> None:
    op.create_table("locks", sa.Column("name", Exact, primary_key=True))
    if op.get_context().dialect.name == "sqlite":
        return
    for table, two in TOLD.items():
        op.execute(f"INSERT INTO locks (name) VALUES ('{table}')")
        op.execute(f"DROP TRIGGER {table}_wait ON {table}")
        op.execute(f"DROP FUNCTION {table}_wait_for_each_other()")
        op.execute(
            f"""CREATE OR REPLACE FUNCTION {table}_look_for_two() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM FROM locks WHERE name = '{table}' FOR UPDATE;
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
