"""A record says whose policy it was judged by: a unit's own may hold from the same day as that of all units."""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("day_records", sa.Column("policy_of", Exact, nullable=False, server_default=""))
