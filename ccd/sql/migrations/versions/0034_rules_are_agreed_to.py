"""What else of the configuration days are judged by is proposed and agreed to as policies are: reasons, queues, the
floor."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0031"

BEFORE, AFTER = "kind IN ('policy', 'roster')", "kind IN ('policy', 'roster', 'rule')"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("known_kind", "proposed_changes", type_="check")
        op.create_check_constraint("known_kind", "proposed_changes", AFTER)
        return
    # SQLite's own way where a table's rows all hold by the new words as well: to make it anew, a table whose rows never
    # go, and to which others refer, would have to lose them first.
    connection = op.get_bind()
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE name = 'proposed_changes'"),
        {"before": BEFORE, "after": AFTER},
    )
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))  # so that others read it again
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
