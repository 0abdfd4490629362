"""People wait for a second person as rosters do, where they change days that were measured, or who administers."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

BEFORE = "kind IN ('policy', 'roster', 'rule')"
AFTER = "kind IN ('policy', 'roster', 'rule', 'people')"


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
