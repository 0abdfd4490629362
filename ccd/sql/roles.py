"""What the daemon's own role may do on PostgreSQL. The tables belong to the role that migrates.

UPDATE where nothing is ever updated is there because PostgreSQL asks for it before it locks a row; a trigger refuses
the update itself. A package that adds tables in a revision adds their line here.
"""

from sqlalchemy.engine import Dialect

PRIVILEGES = {
    "locks": "SELECT, INSERT, UPDATE",
    "owners": "SELECT, INSERT, UPDATE (name)",  # locked when posted to; a trigger refuses a new name
    "accounts": "SELECT, INSERT",
    "balances": "SELECT, INSERT, UPDATE (seconds)",
    "periods": "SELECT, INSERT, UPDATE (state)",
    "transactions": "SELECT, INSERT",
    "entries": "SELECT, INSERT",
    "caps": "SELECT, INSERT, UPDATE (limit_s, drawn_s)",
    "reservations": "SELECT, INSERT",
    "resolutions": "SELECT, INSERT",
    "blocks": "SELECT, INSERT",
    "daily_sums": "SELECT, INSERT",
    "declared_hours": "SELECT, INSERT",
    "budgets": "SELECT, INSERT",
    "budget_ends": "SELECT, INSERT",
    "packet_proposals": "SELECT, INSERT",
    "packet_decisions": "SELECT, INSERT",
    "api_keys": "SELECT, INSERT, UPDATE (until)",
    "acts": "SELECT, INSERT",
    "proposed_changes": "SELECT, INSERT",
    "change_ends": "SELECT, INSERT",
    "policy_readings": "SELECT, INSERT",
    "rulings": "SELECT, INSERT",
    "orders": "SELECT, INSERT",
    "order_takings": "SELECT, INSERT",
    "order_ends": "SELECT, INSERT",
    "entitlements": "SELECT, INSERT",
    "appeals": "SELECT, INSERT",
    "appeal_ends": "SELECT, INSERT",
    "attendance_results": "SELECT, INSERT",
    "outbox": "SELECT, INSERT",
    "webhooks": "SELECT, INSERT, UPDATE (taken, tries, trying_since, next_at, stopped, error)",
    "org_imports": "SELECT, INSERT",
    "withdrawals": "SELECT, INSERT",
    "withdrawal_states": "SELECT, INSERT",
    "quotas": "SELECT, INSERT",
    "day_loads": "SELECT, INSERT",
    "allocations": "SELECT, INSERT",
    "emergencies": "SELECT, INSERT",
    "emergency_ends": "SELECT, INSERT",
    "strike_team": "SELECT, INSERT",
    "call_outs": "SELECT, INSERT",
    "call_answers": "SELECT, INSERT",
    "call_sign_ins": "SELECT, INSERT, UPDATE (signed_in_at)",
    "overtime_entries": "SELECT, INSERT",
    "overtime_approvals": "SELECT, INSERT",
    "overtime_days": "SELECT, INSERT, UPDATE (said, measured_at)",
    "shifts": "SELECT, INSERT, UPDATE (until_at)",
    "leaves": "SELECT, INSERT, UPDATE (until_at)",
    "segments": "SELECT, INSERT",
    "queue_calls": "SELECT, INSERT",
    "seats": "SELECT, INSERT, UPDATE",
    "sources": "SELECT, INSERT, UPDATE",
    "day_records": "SELECT, INSERT",
    "unit_days": "SELECT, INSERT, UPDATE",
    "swept": "SELECT, INSERT, UPDATE",
    "leases": "SELECT, INSERT, UPDATE",
    "users": "SELECT, INSERT, UPDATE (password), DELETE",
    "user_units": "SELECT, INSERT, DELETE",
    "sessions": "SELECT, INSERT, DELETE",
    "idempotency": "SELECT, INSERT, UPDATE (status, body), DELETE",
    "alembic_version": "SELECT",
}

SEQUENCES = (
    "transaction_ids",
    "owners_id_seq",
    "accounts_id_seq",
    "declared_hours_id_seq",
    "quotas_id_seq",
    "day_loads_id_seq",
    "acts_number_seq",
    "proposed_changes_number_seq",
    "rulings_number_seq",
    "orders_number_seq",
    "entitlements_number_seq",
    "packet_proposals_number_seq",
    "strike_team_id_seq",
    "call_answers_id_seq",
    "shifts_id_seq",
    "leaves_id_seq",
    "queue_calls_id_seq",
    "outbox_number_seq",
)

FUNCTIONS = ("ledger_post_if_allowed",)  # those of triggers are nobody's to call


def grants(role: str, dialect: Dialect) -> list[str]:
    """The statements that give `role` its privileges, and take away whatever else it had on these tables."""
    name = dialect.identifier_preparer.quote(role)
    statements = []
    for table, privileges in PRIVILEGES.items():
        statements += [f"REVOKE ALL ON {table} FROM {name}", f"GRANT {privileges} ON {table} TO {name}"]
    statements += [f"GRANT USAGE, SELECT ON SEQUENCE {sequence} TO {name}" for sequence in SEQUENCES]
    return statements + [f"GRANT EXECUTE ON FUNCTION {function} TO {name}" for function in FUNCTIONS]
