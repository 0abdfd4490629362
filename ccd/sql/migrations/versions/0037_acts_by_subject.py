"""Acts are found by whom or what they are on, and by who did them.

Whoever asked what was done to an agent, or who had read of one, had all acts looked through that there ever were.
"""

from alembic import op

revision = "0037"
down_revision = "0034"


def upgrade() -> None:
    op.create_index("ix_acts_subject", "acts", ["subject", "number"])
    op.create_index("ix_acts_by", "acts", ["by", "number"])
