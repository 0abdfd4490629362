"""Records are found by their day alone.

Whoever asked who was on leave on a day, or for everybody's records of it, had all the days looked through that there
ever were: each night took a little longer than the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

ON_LEAVE = sa.text("on_leave_us > 0")


def upgrade() -> None:
    op.create_index("ix_day_records_day", "day_records", ["day"])
    op.create_index("ix_day_records_on_leave", "day_records", ["day"], sqlite_where=ON_LEAVE, postgresql_where=ON_LEAVE)
