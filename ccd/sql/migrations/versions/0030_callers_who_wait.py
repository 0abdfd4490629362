"""Who waits in which queue goes over a restart: who is gone by then is counted, though nobody saw it."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("sources", sa.Column("waiting", sa.Text))
