"""What waits for a second person is approved or declined: each entry once, whoever is first."""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    # Added as columns with their own check, which both engines can: a table whose rows never go can't be made anew.
    op.execute("ALTER TABLE overtime_approvals ADD COLUMN approves BOOLEAN DEFAULT true NOT NULL")
    op.execute(
        "ALTER TABLE overtime_approvals ADD COLUMN why TEXT DEFAULT '' NOT NULL"
        " CONSTRAINT ck_overtime_approvals_declined_says_why CHECK (approves OR why <> '')"
    )
