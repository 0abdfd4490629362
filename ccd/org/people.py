"""Who signs in, and for how long; and what people are there for: what rights are asked of (ccd.org.rights)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """Which pages a login opens: the floor of the own units, or the agent's own."""

    SUPERVISOR = "supervisor"
    AGENT = "agent"


class Office(StrEnum):
    """What somebody is there for, in a unit and all below it, for a time (docs/time-bank.md 6)."""

    TEAM_LEADER = "team_leader"
    SUPERVISOR = "supervisor"
    HOTLINE_MANAGER = "hotline_manager"
    HR_CLERK = "hr_clerk"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ALL_UNITS = "*"  # as a person's unit: every unit, and the agents that are on no roster


class Duty(NamedTuple):
    """An office that somebody holds now, in a unit. `deputy_for` is the person whose it is, where it is another's; and
    `theirs` the agent that this person is, if any: what one may not do to oneself, one's deputy may not do either."""

    office: Office
    unit: str
    deputy_for: str = ""
    theirs: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they are at one moment. `agent` is None for who is no agent; `units` are those whose floor they see.

    `operates`: asks by command where nobody has said who is there for what, with the rights of whoever may read the
    configuration's secrets.
    """

    name: str
    role: Role
    agent: str | None = None
    units: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()
    operates: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in, until when (epoch seconds). `key` names the session, and opens nothing."""

    key: str
    person: Person
    until: float
