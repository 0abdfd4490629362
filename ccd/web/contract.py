"""What the API takes and gives, as its OpenAPI describes it. Seconds and epoch seconds as numbers."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from ccd.web.passwords import PASSWORD_CHARACTERS_MAX


class Login(BaseModel):
    name: str = Field(max_length=200, pattern="^[^\\x00]*$")  # PostgreSQL has no text with a NUL in it
    password: str = Field(max_length=PASSWORD_CHARACTERS_MAX)


class SignedIn(BaseModel):
    name: str
    role: Literal["supervisor", "agent"]
    agent: str | None
    units: list[str]


class UnitSaid(BaseModel):
    """`timezone` is the one that the unit's days are counted in."""

    unit: str
    name: str
    timezone: str


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
    """What the pages need to know of the site. `nudge_left_s`: allowance left; `nudge_pause_s`: a pause this long."""

    site: str
    timezone: str
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
    is what a person said who posted it by hand."""

    transfer: str
    day: str
    recorded_at: float
    service: str
    amount: int
    leave: int
    balance_after: int
    text: str
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


class ProblemSaid(BaseModel):
    title: str
    status: int
    detail: str
