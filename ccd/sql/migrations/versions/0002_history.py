"""The history: seats' segments, where each PBX's floor stands, day records, and how far the close of a day has come.

What was observed is written once: a segment is closed when it gets here, and a day that is measured anew is a new
revision beside the first.
"""

import sqlalchemy as sa
from alembic import op

from ccd.sql.metadata import Exact

revision = "0002"
down_revision = "0001"

APPEND_ONLY = {
    "segments": "pbx = new.pbx AND number = new.number",
    "day_records": "agent = new.agent AND day = new.day AND revision = new.revision",
}


def upgrade() -> None:
    _segments()
    _floors()
    _day_records()
    _unit_days()
    if op.get_context().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _segments() -> None:
    op.create_table(
        "segments",
        sa.Column("pbx", Exact, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("seat", Exact, nullable=False),
        sa.Column("start_at", sa.BigInteger, nullable=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("member", sa.Boolean, nullable=False),
        sa.Column("pause", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reason_at", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("offered", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("opened_by", sa.BigInteger, nullable=False),
        sa.Column("closed_by", sa.BigInteger, nullable=False),
        # A PBX's segments are numbered as they begin: a batch that is written again collides instead of counting twice.
        sa.PrimaryKeyConstraint("pbx", "number"),
        # Half-open; one without length is a pause set and lifted in the same microsecond.
        sa.CheckConstraint("end_at >= start_at", name="ends_after_it_starts"),
        sa.CheckConstraint(
            "state IN ('on_call', 'other_call', 'ringing', 'wrap_up', 'available', 'unobserved', 'paused',"
            " 'unreachable', 'signed_out')",
            name="known_state",
        ),
        sa.CheckConstraint("pause IN ('none', 'some', 'all')", name="known_pause"),
        sa.CheckConstraint("offered >= 0 AND answered >= 0 AND missed >= 0", name="counts_what_happened"),
        sqlite_with_rowid=False,
    )
    # A seat's time line is read by seat, and backwards from a day's start.
    op.create_index("ix_segments_seat", "segments", ["pbx", "seat", "start_at", "number"])
    # A restart reads a day of all seats in the order in which it happened.
    op.create_index("ix_segments_start", "segments", ["start_at", "pbx", "number"])


def _floors() -> None:
    op.create_table(
        "seats",
        sa.Column("pbx", Exact, nullable=False),
        sa.Column("seat", Exact, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("open", sa.Text),
        sa.Column("number", sa.BigInteger),
        sa.Column("start_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("pbx", "seat"),
        # Number and start are taken out of the open segment so that they can be asked for; they come and go with it.
        sa.CheckConstraint(
            "(open IS NULL) = (number IS NULL) AND (open IS NULL) = (start_at IS NULL)", name="open_segment_is_whole"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sources",
        sa.Column("pbx", Exact, nullable=False),
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.BigInteger),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("gap_since", sa.BigInteger),
        sa.Column("waiting", sa.Text, nullable=False),
        sa.Column("ref", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pbx"),
        sa.CheckConstraint("number >= 0 AND written >= 0", name="counts_from_0"),
        sqlite_with_rowid=False,
    )


def _day_records() -> None:
    op.create_table(
        "day_records",
        sa.Column("agent", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("unit", Exact, nullable=False),
        sa.Column("policy_from", sa.Date, nullable=False),
        sa.Column("reasons_from", sa.Date, nullable=False),
        sa.Column("signed_in_us", sa.BigInteger, nullable=False),
        sa.Column("available_us", sa.BigInteger, nullable=False),
        sa.Column("ringing_us", sa.BigInteger, nullable=False),
        sa.Column("on_call_us", sa.BigInteger, nullable=False),
        sa.Column("other_call_us", sa.BigInteger, nullable=False),
        sa.Column("wrap_up_us", sa.BigInteger, nullable=False),
        sa.Column("paused_us", sa.BigInteger, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("partly_paused_us", sa.BigInteger, nullable=False),
        sa.Column("unreachable_us", sa.BigInteger, nullable=False),
        sa.Column("unobserved_us", sa.BigInteger, nullable=False),
        sa.Column("aux_us", sa.BigInteger, nullable=False),
        sa.Column("exempt_us", sa.BigInteger, nullable=False),
        sa.Column("sign_ins", sa.Integer, nullable=False),
        sa.Column("sign_outs", sa.Integer, nullable=False),
        sa.Column("pauses", sa.Integer, nullable=False),
        sa.Column("offered", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("first_sign_in_at", sa.BigInteger),
        sa.Column("last_sign_out_at", sa.BigInteger),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        # What two processes measure at once is written once; the other finds it there.
        sa.PrimaryKeyConstraint("agent", "day", "revision"),
        sa.CheckConstraint("revision >= 1", name="revisions_count_from_1"),
        # docs/time-bank.md 2.3: the states' times add up to the signed-in time exactly.
        sa.CheckConstraint(
            "signed_in_us = available_us + ringing_us + on_call_us + wrap_up_us + paused_us + unreachable_us",
            name="states_add_up",
        ),
        sa.CheckConstraint("other_call_us <= on_call_us", name="other_calls_are_calls"),
        sa.CheckConstraint("length(digest) = 32", name="digest_is_whole"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_day_records_unit", "day_records", ["unit", "day"])


def _unit_days() -> None:
    op.create_table(
        "unit_days",
        sa.Column("unit", Exact, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.Column("lagging", sa.Text, nullable=False),
        sa.Column("measured_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("stale", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("unit", "day"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_unit_days_end", "unit_days", ["end_at"])
    op.create_table(
        "swept",
        sa.Column("pbx", Exact, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pbx"),
        sqlite_with_rowid=False,
    )


def _sqlite_triggers() -> None:
    for table, key in APPEND_ONLY.items():
        _sqlite_refuse(f"{table}_never_change", f"BEFORE UPDATE ON {table}", f"append-only: {table} never change")
        _sqlite_refuse(f"{table}_never_go", f"BEFORE DELETE ON {table}", f"append-only: {table} are never deleted")
        # Speaks even where a connection has recursive_triggers off: then REPLACE deletes without the trigger above.
        _sqlite_refuse(
            f"{table}_are_never_replaced",
            f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {key})",
            f"append-only: {table} already have this row",
        )
    # What was seen stays seen: a watermark or a count that goes back would have time measured twice.
    _sqlite_refuse(
        "sources_never_go_back",
        "BEFORE UPDATE ON sources WHEN new.number < old.number"
        " OR (old.heard_at IS NOT NULL AND (new.heard_at IS NULL OR new.heard_at < old.heard_at))",
        "a watermark never goes back",
    )
    # A revision stands on the one before it, whose difference is what is posted.
    _sqlite_refuse(
        "day_records_follow_each_other",
        "BEFORE INSERT ON day_records WHEN new.revision > 1 AND NOT EXISTS (SELECT 1 FROM day_records"
        " WHERE agent = new.agent AND day = new.day AND revision = new.revision - 1)",
        "a revision follows the one before it",
    )


def _sqlite_refuse(name: str, when: str, sentence: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")


def _postgresql_triggers() -> None:
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()"
        )
    # What was seen stays seen: a watermark or a count that goes back would have time measured twice.
    op.execute(
        """CREATE FUNCTION history_never_goes_back() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a watermark never goes back' USING ERRCODE = 'restrict_violation';
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER sources_never_go_back BEFORE UPDATE ON sources FOR EACH ROW WHEN (new.number < old.number"
        " OR (old.heard_at IS NOT NULL AND (new.heard_at IS NULL OR new.heard_at < old.heard_at)))"
        " EXECUTE FUNCTION history_never_goes_back()"
    )
    # A revision stands on the one before it, whose difference is what is posted.
    op.execute(
        """CREATE FUNCTION history_follows_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM added LEFT JOIN day_records AS earlier
                       ON (earlier.agent, earlier.day, earlier.revision) = (added.agent, added.day, added.revision - 1)
                       WHERE added.revision > 1 AND earlier.agent IS NULL) THEN
                RAISE EXCEPTION 'a revision follows the one before it' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$"""
    )
    op.execute(
        "CREATE TRIGGER day_records_follow_each_other AFTER INSERT ON day_records REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION history_follows_revisions()"
    )
