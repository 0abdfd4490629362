"""A day off is of the whole day, whatever is planned for it; and each of its states says of how many seconds."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    # Of what was applied for before nobody has said it: it stays what it is.
    op.add_column("withdrawals", sa.Column("whole", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("withdrawal_states", sa.Column("seconds", sa.BigInteger))
    op.add_column("withdrawal_states", sa.Column("missing_s", sa.BigInteger))
