"""What a day was against its shifts, and what was expected then: without schedules, nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

SPANS = (
    "scheduled_us", "late_us", "early_leave_us", "off_post_us", "on_leave_us", "excused_us", "worked_on_leave_us",
    "counted_signed_in_us", "counted_exempt_us", "counted_unreachable_us", "counted_aux_us", "counted_unobserved_us",
)  # fmt: skip


def upgrade() -> None:
    for name in SPANS:
        op.add_column("day_records", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("day_records", sa.Column("expected", sa.Text, nullable=False, server_default=""))
