"""Who waits in a queue is stored no more: after a restart the switch is asked anyway, and says it better."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_column("sources", "waiting")
