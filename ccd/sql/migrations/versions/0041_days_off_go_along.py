"""A day off is of the unit in which its agent is on that day: each of its states says which."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("withdrawal_states", sa.Column("unit", sa.Text))
