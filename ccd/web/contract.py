"""What the API takes and gives, as its OpenAPI describes it. Seconds and epoch seconds as numbers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ccd.errors.types import NO_TYPE, TYPES, URN
from ccd.web.passwords import PASSWORD_CHARACTERS_MAX


class Login(BaseModel):
    name: str = Field(max_length=200, pattern="^[^\\x00]*$")  # PostgreSQL has no text with a NUL in it
    password: str = Field(max_length=PASSWORD_CHARACTERS_MAX)


class SignedIn(BaseModel):
    """`leads`: the units whose agents they may have paused, unpaused and signed out."""

    name: str
    role: Literal["supervisor", "agent"]
    agent: str | None
    units: list[str]
    leads: list[str]


class UnitSaid(BaseModel):
    """`timezone` is the one that the unit's days are counted in; what is earlier than `day_starts_at`, as `04:00:00`,
    is of the business day before."""

    unit: str
    name: str
    timezone: str
    day_starts_at: str


class ReasonSaid(BaseModel):
    """A pause reason; without `threshold_s` the site's holds."""

    zh: str
    en: str
    policy: Literal["counts", "exempt"]
    personal: bool
    threshold_s: int | None
    max_s: int | None
    max_s_day: int | None


class SiteSaid(BaseModel):
    """What the pages need to know of the site, whose own clock (`timezone`, `day_starts_at`) says what day months are
    closed by. `nudge_left_s`: allowance left; `nudge_pause_s`: a pause this long."""

    site: str
    timezone: str
    day_starts_at: str
    units: list[UnitSaid]
    reasons: dict[str, ReasonSaid]
    pause_threshold_s: int
    wait_threshold_s: int
    nudge_left_s: int
    nudge_pause_s: int


class PolicySaid(BaseModel):
    """What today's settlement would go by (docs/time-bank.md 2.4)."""

    rate_ppm: int
    expected_base_s: int
    base_s_max: int
    allowance_min_s: int
    overdraft_takes: list[str]


class LineSaid(BaseModel):
    """`amount` is the line's effect on the balance, `leave` that on personal leave, `facts` are its arithmetic; `text`
    is what a person said who posted it by hand, `by` who asked for it."""

    transfer: str
    day: str
    recorded_at: float
    service: str
    amount: int
    leave: int
    balance_after: int
    text: str
    by: str
    facts: dict[str, Any]


class StatementSaid(BaseModel):
    """Lines newest first; `next` asks for those before them."""

    lines: list[LineSaid]
    next: str | None


class MeSaid(StatementSaid):
    """`balance` is what can be spent: savings, gift, interest and overtime together."""

    agent: str
    name: str
    unit: str
    accounts: dict[str, int]
    balance: int
    policy: PolicySaid


TYPE_SCHEMA: dict[str, Any] = {"enum": [*(URN + known for known in TYPES), NO_TYPE]}
FACTS_SCHEMA: dict[str, Any] = {
    "x-facts-of-types": {URN + known: list(facts) for known, facts in TYPES.items() if facts}
}


class ProblemSaid(BaseModel):
    """`detail` says it in English, with what to do; `facts` are what its type tells, for who says it in other words."""

    type: Annotated[str, Field(json_schema_extra=TYPE_SCHEMA)]
    title: str
    status: int
    detail: str
    facts: dict[str, Any] = Field(default={}, json_schema_extra=FACTS_SCHEMA)
