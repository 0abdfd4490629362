"""Every setting of ccd: its name, what is allowed, and its default. The file config/ccd.toml says the same to people.

Only `ccd.commands` and `ccd.daemon` import this; the rest of ccd is given plain values. A key that is not here is an
error. Paths that are not absolute are taken from the folder of the configuration file.
"""

from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ccd.floor.rules import ALWAYS
from ccd.settings.addresses import RedisUrl, SqlUrl, WebhookUrl
from ccd.settings.shipped import with_shipped_reasons
from ccd.settings.words import Days, DayStart, Origin, PlainName, Zone

Seconds = Annotated[float, Field(gt=0, le=86_400)]
WholeSeconds = Annotated[int, Field(ge=0, le=86_400)]
NotEmpty = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65_535)]
WebhookKind = Literal["attendance.month", "attendance.closed", "attendance.day", "attendance.left"]
AccountName = Literal["savings", "gift", "interest", "overtime"]
LAST_DAY = date(2099, 12, 31)  # no instant that has to be reckoned with is where the calendar ends


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    @field_validator("*", mode="before")
    @classmethod
    def is_text_that_can_be_written(cls, given: object) -> object:
        """No path, address or AMI header has one of these in it; a line's end would begin another header."""
        if isinstance(given, str) and any(ord(character) < 32 for character in given):
            raise ValueError("has a control character in it; allowed: a text of one line")
        return given


class PbxTls(Section):
    ca: Path | None = None  # None: the system's certificate authorities
    verify: bool = True


class PbxQueues(Section):
    """Which of the PBX's queues belong to ccd: names, `*` and `?` as in file names; what is excluded wins."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()


class Pbx(Section):
    """One telephone switch. Of `secret` and `secret_file` exactly one is there (`ccd.settings.consistency`)."""

    name: PlainName
    host: NotEmpty
    port: Port = 5038
    username: NotEmpty = "ccd"
    secret: Annotated[SecretStr, Field(min_length=1)] | None = None
    secret_file: Path | None = None
    login: Literal["md5", "plain"] = "md5"
    tls: PbxTls | None = None
    queues: PbxQueues = PbxQueues()
    queue_log: Path | None = None
    static_members: Literal["registered", "always"] = "registered"
    ping_interval_s: Seconds = 2.0
    ping_deadline_s: Seconds = 2.0
    login_timeout_s: Seconds = 10.0
    reconnect_delay_s_min: Seconds = 0.5
    reconnect_delay_s_max: Seconds = 30.0
    refused_delay_s: Seconds = 60.0
    snapshot_interval_s: Seconds = 300.0
    snapshot_deadline_s: Seconds = 30.0
    queue_size_max: Annotated[int, Field(ge=1_000)] = 100_000
    clock_ahead_s_max: Annotated[float, Field(gt=0, le=31_536_000)] = 300.0
    watermark_margin_s: Annotated[float, Field(ge=0, le=600)] = 2.0


class Queue(Section):
    wrap_up_s: WholeSeconds = 0
    counts: bool = True
    unit: str = ""  # whose callers its callers are, for the service level


class ReasonChange(Section):
    """How a reason is judged from a business day on; what is left out stays as it was before that day."""

    starts: date = Field(alias="from", gt=ALWAYS, le=LAST_DAY)
    policy: Literal["counts", "exempt"] | None = None
    max_s: WholeSeconds | None = None
    max_s_day: WholeSeconds | None = None


class Reason(Section):
    policy: Literal["counts", "exempt"] = "counts"
    max_s: WholeSeconds | None = None
    max_s_day: WholeSeconds | None = None
    personal: bool = False
    zh: str = ""
    en: str = ""
    threshold_s: WholeSeconds | None = None
    changes: tuple[ReasonChange, ...] = ()


class Floor(Section):
    paused_in: Literal["all", "any"] = "all"
    other_call_while_paused: Literal["paused", "on_call"] = "paused"


class Orders(Section):
    """What leaders ask of the switches about their agents (docs/time-bank.md 2.3, 6)."""

    reason: NotEmpty = "supervisor"  # of the pauses that they set: one of the reasons
    wait_s_max: Annotated[float, Field(gt=0, le=60)] = 3.0  # after that no switch is asked any more


class Gift(Section):
    """Red packets (docs/time-bank.md 3.3)."""

    cap_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    kinds: Annotated[tuple[NotEmpty, ...], Field(min_length=1)] = ("contest", "suggestion", "activity", "knowledge")


class Leave(Section):
    """What the personnel system may tell of leave: its kinds, and never a diagnosis."""

    kinds: Annotated[tuple[NotEmpty, ...], Field(min_length=1)] = (
        "personal", "annual", "sick", "statutory", "time_off",
    )  # fmt: skip


class Loan(Section):
    """Busy and idle days, and what of leave can be offset (docs/time-bank.md 3.5)."""

    busy_first: Annotated[int, Field(ge=0, le=31)] = 4
    busy_last: Annotated[int, Field(ge=0, le=31)] = 2
    busy_days: tuple[Days, ...] = ()
    idle_days: tuple[Days, ...] = ()
    offset_kinds: tuple[NotEmpty, ...] = ("personal",)
    offset_default: Literal["where_it_secures", "never"] = "where_it_secures"


class FullAttendance(Section):
    points: Annotated[int, Field(ge=0, le=1_000)] = 10
    late_grace_s: WholeSeconds = 0
    early_grace_s: WholeSeconds = 0
    off_post_grace_s: WholeSeconds = 0
    leave_grace_s: WholeSeconds = 0


class Attendance(Section):
    """Attendance months, which one book of the site has (docs/time-bank.md 3.5)."""

    month_begins: Annotated[int, Field(ge=1, le=28)] = 1
    offset_opens: Annotated[int, Field(ge=1, le=31)] = 25
    forecast_from: Annotated[int, Field(ge=1, le=31)] = 20
    closes_after_days: Annotated[int, Field(ge=1, le=60)] = 3
    closes_at: DayStart = time(18)


class DaysOff(Section):
    """Withdrawals (docs/time-bank.md 3.6)."""

    approve: Literal["person", "rule"] = "person"
    cancel_days_before: Annotated[int, Field(ge=0, le=365)] = 1
    allocate: Literal["first_come", "by_rule"] = "first_come"
    allocate_days_before: Annotated[int, Field(ge=0, le=365)] = 3
    allocate_at: DayStart = time(18)
    run_of_days: Literal["all", "each"] = "all"
    beaten_by: tuple[NotEmpty, ...] = ("sick", "statutory", "annual")
    on_leaving: Literal["release", "keep"] = "release"
    spare_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 500_000


class Overtime(Section):
    """Emergencies, and what they pay (docs/time-bank.md 3.2)."""

    levels: Annotated[Mapping[NotEmpty, Annotated[int, Field(ge=0, le=1_000_000)]], Field(min_length=1)] = Field(
        default_factory=lambda: {"I": 300_000, "II": 450_000, "III": 600_000}
    )
    interest_round_up_s: WholeSeconds = 0
    emergency_max_s: Annotated[int, Field(ge=60, le=86_400)] = 14_400
    emergency_back_s_max: WholeSeconds = 1_800
    entry_second_s: WholeSeconds = 3_600
    call_out_wait_s: Annotated[int, Field(ge=1, le=86_400)] = 600
    warn_day_s: WholeSeconds = 10_800
    warn_month_s: Annotated[int, Field(ge=0, le=2_678_400)] = 129_600
    counts_in_base: bool = False


class Rulings(Section):
    """Rulings, what waits for one (docs/time-bank.md 2.3), and appeals (7)."""

    days_max: Annotated[int, Field(ge=1, le=366)] = 62
    waits_min_s: WholeSeconds = 300
    appeal_days: Annotated[int, Field(ge=0, le=366)] = 7


class Policy(Section):
    starts: date = Field(default=ALWAYS, alias="from", ge=ALWAYS, le=LAST_DAY)
    unit: NotEmpty | None = None  # None: every unit that has none of its own
    rate_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 37_000
    base_s_max: WholeSeconds = 43_200
    expected_base_s: WholeSeconds = 28_800
    allowance_min_s: WholeSeconds = 0
    overdraft_takes: tuple[AccountName, ...] = ("savings", "gift", "interest", "overtime")
    closed_gain_meets_write_off: bool = True
    schedules: bool = False
    unscheduled_sign_out: Literal["counts", "off_post"] = "counts"
    part_time: Literal["shorter_days", "fewer_days"] = "shorter_days"
    expires_after_months: Annotated[int, Field(ge=0, le=120)] = 0  # 0: what nobody uses never does
    loan: Loan = Loan()
    full_attendance: FullAttendance = FullAttendance()
    gift: Gift = Gift()
    days_off: DaysOff = DaysOff()
    overtime: Overtime = Overtime()
    rulings: Rulings = Rulings()

    @field_validator("overdraft_takes")
    @classmethod
    def names_each_account_once(cls, accounts: tuple[AccountName, ...]) -> tuple[AccountName, ...]:
        if len(set(accounts)) < len(accounts):
            raise ValueError("names an account twice; allowed: each of savings, gift, interest, overtime once")
        return accounts


class Unit(Section):
    name: str = ""  # "": its key is its name
    timezone: Zone | None = None  # None: as the unit above it, or the site
    day_starts_at: DayStart | None = None
    parent: str | None = None


class Redis(Section):
    url: RedisUrl = "embedded"
    password_file: Path | None = None


class Sql(Section):
    url: SqlUrl = "embedded"
    password_file: Path | None = None


class HttpTls(Section):
    certificate: Path
    key: Path


class Http(Section):
    host: NotEmpty = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    tls: HttpTls | None = None
    origins: tuple[Origin, ...] = ()
    connections_max: Annotated[int, Field(ge=1)] = 10_000
    frame_interval_s: Annotated[float, Field(gt=0, le=10)] = 0.04
    heartbeat_s: Annotated[float, Field(gt=0, le=60)] = 5.0


class ServiceLevel(Section):
    """Which callers are answered in time, and which are not offered (docs/time-bank.md 5)."""

    answered_within_s: WholeSeconds = 30
    short_abandon_s: WholeSeconds = 5


class Supply(Section):
    """The balance of the system (docs/time-bank.md 4): how many days' quotas have to be able to pay out what is
    outstanding, and how many idle hours an hour worked in a rush is told to be worth."""

    days_ahead: Annotated[int, Field(ge=1, le=366)] = 90
    rush_worth: Annotated[float, Field(gt=0, le=100)] = 4


class Pages(Section):
    pause_threshold_s: WholeSeconds = 600
    wait_threshold_s: WholeSeconds = 60
    nudge_left_s: WholeSeconds = 120
    nudge_pause_s: WholeSeconds = 900


class Evidence(Section):
    directory: Path = Path("evidence")  # taken from the state directory
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 365


class Webhook(Section):
    """A system that is told by itself what attendance is handed (docs/time-bank.md 3.5)."""

    name: PlainName
    url: WebhookUrl
    secret_file: Path
    kinds: Annotated[tuple[WebhookKind, ...], Field(min_length=1)] = (
        "attendance.month", "attendance.closed", "attendance.day", "attendance.left",
    )  # fmt: skip


class Settings(Section):
    """The whole configuration. `ccd.settings.read()` makes one from a file; `Settings()` is every default."""

    site: PlainName = "ccd"
    timezone: Zone = "UTC"
    day_starts_at: DayStart = time(0)
    roster: Path | None = None
    # Whether a change of policy, or of roster lines for days that were measured, waits for a second administrator.
    second_person: Literal["where_there_is_one", "always"] = "where_there_is_one"
    state_directory: Path = Path("state")
    settle_wait_s_max: Annotated[int, Field(ge=0, le=604_800)] = 14_400
    pbx: tuple[Pbx, ...] = ()
    queues: Mapping[str, Queue] = Field(default_factory=dict)
    reasons: Mapping[str, Reason] = Field(default_factory=dict, validate_default=True)
    floor: Floor = Floor()
    orders: Orders = Orders()
    policy: tuple[Policy, ...] = (Policy(),)  # before the first `from`, every default holds
    leave: Leave = Leave()
    service_level: ServiceLevel = ServiceLevel()
    attendance: Attendance = Attendance()
    supply: Supply = Supply()
    units: Mapping[NotEmpty, Unit] = Field(default_factory=dict)
    redis: Redis = Redis()
    sql: Sql = Sql()
    http: Http = Http()
    pages: Pages = Pages()
    evidence: Evidence = Evidence()
    webhook: tuple[Webhook, ...] = ()

    @field_validator("policy")
    @classmethod
    def holds_on_every_day(cls, given: tuple[Policy, ...]) -> tuple[Policy, ...]:
        first = Policy()
        covered = any(policy.unit is None and policy.starts <= first.starts for policy in given)
        return given if covered else (*given, first)

    @field_validator("reasons", mode="before")
    @classmethod
    def starts_from_the_shipped_reasons(cls, given: object) -> object:
        return with_shipped_reasons(given)
