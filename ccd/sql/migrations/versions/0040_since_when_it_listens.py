"""Since when a PBX is listened to: from the next day on days are there to be closed, though nobody was ever seen."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("sources", sa.Column("heard_since", sa.BigInteger))
