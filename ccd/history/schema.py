"""The history's tables, as statements see them. What the database itself holds to stands in the migration.

Append-only: `segments`, `queue_calls` and `day_records`. Changed in place: `seats` and `sources`, which say where each
PBX's floor stands and are written with the segments they belong to, `unit_days`, which says how far the close of a day
is, and `leases`, which say who may write the others.
Instants are microseconds since the epoch.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from ccd.floor.seats import STATE_WORDS, Pause
from ccd.sql.metadata import Exact, RowNumber, metadata

ON_LEAVE = text("on_leave_us > 0")
PAUSE_WORDS = {pause: pause.name.lower() for pause in Pause}

segments = Table(
    "segments",
    metadata,
    Column("pbx", Exact, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("seat", Exact, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("member", Boolean, nullable=False),
    Column("pause", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reason_at", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("offered", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("opened_by", BigInteger, nullable=False),  # evidence references, 0 where no event did it
    Column("closed_by", BigInteger, nullable=False),
    PrimaryKeyConstraint("pbx", "number"),
    CheckConstraint("end_at >= start_at", name="ends_after_it_starts"),
    CheckConstraint(
        "state IN ({})".format(", ".join(f"'{word}'" for word in STATE_WORDS.values())), name="known_state"
    ),
    CheckConstraint("pause IN ('none', 'some', 'all')", name="known_pause"),
    CheckConstraint("offered >= 0 AND answered >= 0 AND missed >= 0", name="counts_what_happened"),
    Index("ix_segments_seat", "pbx", "seat", "start_at", "number"),
    Index("ix_segments_start", "start_at", "pbx", "number"),
    sqlite_with_rowid=False,
)

# What became of callers; who was not seen all the time that they waited has no `joined_at`.
queue_calls = Table(
    "queue_calls",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("pbx", Exact, nullable=False),
    Column("queue", Exact, nullable=False),
    Column("call", Text, nullable=False),
    Column("joined_at", BigInteger),
    Column("ended_at", BigInteger, nullable=False),
    Column("became", Text, nullable=False),
    Column("seat", Exact, nullable=False),  # that answered, and the member name it was seen with; else empty
    Column("name", Text, nullable=False),
    CheckConstraint("became IN ('answered', 'abandoned', 'left', 'lost')", name="known_end"),
    CheckConstraint("joined_at <= ended_at", name="ends_after_it_joined"),
    CheckConstraint("(became = 'answered') = (seat <> '')", name="somebody_answered"),
    Index("ix_queue_calls_ended_at", "ended_at"),
)

seats = Table(
    "seats",
    metadata,
    Column("pbx", Exact, nullable=False),
    Column("seat", Exact, nullable=False),
    Column("format", Integer, nullable=False),  # of the two columns of JSON
    Column("facts", Text, nullable=False),  # ccd.floor.seats.Seat
    Column("open", Text),  # ccd.floor.segments.Segment without an end; none before anything happened
    Column("number", BigInteger),  # of the open segment, as in it
    Column("start_at", BigInteger),
    PrimaryKeyConstraint("pbx", "seat"),
    CheckConstraint(
        "(open IS NULL) = (number IS NULL) AND (open IS NULL) = (start_at IS NULL)", name="open_segment_is_whole"
    ),
    sqlite_with_rowid=False,
)

sources = Table(
    "sources",
    metadata,
    Column("pbx", Exact, primary_key=True),
    Column("writer", Text, nullable=False),  # the process that records this PBX; a newer one takes its place
    Column("written", BigInteger, nullable=False),  # transactions of that process
    Column("number", BigInteger, nullable=False),  # of the newest segment, open or closed
    Column("heard_at", BigInteger),  # the watermark
    Column("heard_since", BigInteger),  # the first that there was
    Column("confirmed_at", BigInteger),
    Column("gap_since", BigInteger),
    Column("ref", BigInteger, nullable=False),  # the newest evidence that all this stands for
    Column("waiting", Text),  # callers, as JSON: ccd.floor.callers.Waits
    CheckConstraint("number >= 0 AND written >= 0", name="counts_from_0"),
    sqlite_with_rowid=False,
)

day_records = Table(
    "day_records",
    metadata,
    Column("agent", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("unit", Exact, nullable=False),
    Column("policy_from", Date, nullable=False),  # which policy of the unit held at the day's start
    Column("policy_of", Exact, nullable=False, server_default=""),  # whose that was: the unit's own; "" of all units
    Column("reasons_from", Date, nullable=False),  # and which reasons
    Column("signed_in_us", BigInteger, nullable=False),
    Column("available_us", BigInteger, nullable=False),
    Column("ringing_us", BigInteger, nullable=False),
    Column("on_call_us", BigInteger, nullable=False),
    Column("other_call_us", BigInteger, nullable=False),
    Column("wrap_up_us", BigInteger, nullable=False),
    Column("paused_us", BigInteger, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON: reason → µs of the paused time
    Column("partly_paused_us", BigInteger, nullable=False),
    Column("unreachable_us", BigInteger, nullable=False),
    Column("unobserved_us", BigInteger, nullable=False),
    Column("aux_us", BigInteger, nullable=False),
    Column("exempt_us", BigInteger, nullable=False),
    Column("sign_ins", Integer, nullable=False),
    Column("sign_outs", Integer, nullable=False),
    Column("pauses", Integer, nullable=False),
    Column("offered", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("first_sign_in_at", BigInteger),
    Column("last_sign_out_at", BigInteger),
    Column("sources", Text, nullable=False),  # JSON: PBX → [lowest, highest] number of the segments it is made of
    Column("made_at", BigInteger, nullable=False),
    Column("format", Integer, nullable=False),  # of the digest
    Column("digest", LargeBinary, nullable=False),
    *(
        Column(name, BigInteger, nullable=False, server_default="0")
        for name in (
            "scheduled_us",
            "late_us",
            "early_leave_us",
            "off_post_us",
            "on_leave_us",
            "excused_us",
            "worked_on_leave_us",
            "counted_signed_in_us",
            "counted_exempt_us",
            "counted_unreachable_us",
            "counted_aux_us",
            "counted_unobserved_us",
        )
    ),
    Column("expected", Text, nullable=False, server_default=""),  # JSON; "" in a unit without schedules
    PrimaryKeyConstraint("agent", "day", "revision"),
    CheckConstraint("revision >= 1", name="revisions_count_from_1"),
    CheckConstraint(
        "signed_in_us = available_us + ringing_us + on_call_us + wrap_up_us + paused_us + unreachable_us",
        name="states_add_up",
    ),
    CheckConstraint("other_call_us <= on_call_us", name="other_calls_are_calls"),
    CheckConstraint("length(digest) = 32", name="digest_is_whole"),
    Index("ix_day_records_unit", "unit", "day"),
    Index("ix_day_records_day", "day"),
    Index("ix_day_records_on_leave", "day", sqlite_where=ON_LEAVE, postgresql_where=ON_LEAVE),
    sqlite_with_rowid=False,
)

unit_days = Table(
    "unit_days",
    metadata,
    Column("unit", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("numbers", Text, nullable=False),  # JSON: PBX → number of the newest segment that was looked at
    Column("lagging", Text, nullable=False),  # JSON: PBX → its watermark, where the day did not wait for it
    Column("measured_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),  # none while its records may not all be posted
    Column("stale", Boolean, nullable=False),  # something was found since that may change a figure
    PrimaryKeyConstraint("unit", "day"),
    Index("ix_unit_days_end", "end_at"),
    sqlite_with_rowid=False,
)

# How far it has been looked for segments that belong to days which were measured before they came.
swept = Table(
    "swept",
    metadata,
    Column("pbx", Exact, primary_key=True),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Who records what (ccd.history.lease): a row a site, and one for each PBX.
leases = Table(
    "leases",
    metadata,
    Column("name", Exact, nullable=False),
    Column("holder", Text, nullable=False),  # the process; "" where nobody does
    Column("who", Text, nullable=False),  # the same, for people
    Column("beats", BigInteger, nullable=False),  # of that holder: as long as they rise, it lives
    Column("term", BigInteger, nullable=False),  # how often it has changed hands
    Column("line", Text, nullable=False),  # of this row alone: terms of another database are not compared with it
    PrimaryKeyConstraint("name"),
    CheckConstraint("beats >= 0 AND term >= 0", name="counts_from_0"),
    sqlite_with_rowid=False,
)
