"""Balances of the past are read from an index alone.

An owner's entries lie far apart in a ledger that has grown: to sum two thousand of them was as many pages to fetch.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for side in ("debit", "credit"):
        op.drop_index(f"ix_entries_{side}", "entries")
        op.create_index(f"ix_entries_{side}", "entries", [side, "transaction_id", "day", "seconds"])
