"""Who signs in, and for how long: what the web knows of people, and what rights are asked of (ccd.org.rights)."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    SUPERVISOR = "supervisor"
    AGENT = "agent"


ALL_UNITS = "*"  # as a person's unit: every unit, and the agents that are on no roster


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account of their own. `agent` is None for who is no agent; `units` are those that they lead."""

    name: str
    role: Role
    agent: str | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in, until when (epoch seconds). `key` names the session, and opens nothing."""

    key: str
    person: Person
    until: float
