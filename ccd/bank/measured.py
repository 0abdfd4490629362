"""What settlement takes from a day record."""

from datetime import date
from typing import Any
from urllib.parse import quote

from ccd.bank.policy import PPM
from ccd.floor.records import DayRecord
from ccd.floor.values import value
from ccd.org.entitlements import Entitlement


@value
class Measured:
    """An agent's business day as measured, for the `revision`th time (from 1). Times in microseconds."""

    agent: str
    unit: str | None
    day: date
    revision: int
    signed_in: int
    exempt: int
    unreachable: int
    aux: int
    unobserved: int
    answered: int
    pauses: int
    sign_ins: int
    sign_outs: int
    scheduled: bool = False  # in a unit with schedules: the figures are those of the shift alone
    entitlement: Entitlement | None = None  # what the agent is, for a day on which there is anything
    ruled: int = 0  # without schedules: of `signed_in`, what somebody has ruled to be worked time
    share_ppm: int = PPM  # without schedules: by how much the agent's day is shorter than others'
    overtime: int = 0  # with schedules, and where policy counts it: what was measured of it, outside of the shift

    @classmethod
    def of(
        cls,
        record: DayRecord,
        revision: int,
        ruled: int = 0,
        entitlement: Entitlement | None = None,
        share_ppm: int = PPM,
        overtime: int = 0,
    ) -> "Measured":
        counted = record.duty.counted if record.duty is not None else record.ruled or record
        return cls(
            record.agent,
            record.unit,
            record.day,
            revision,
            counted.signed_in,
            counted.exempt,
            counted.unreachable,
            counted.aux,
            counted.unobserved,
            record.answered,
            record.pauses,
            record.sign_ins,
            record.sign_outs,
            record.duty is not None,
            entitlement,
            0 if record.duty is not None else ruled,
            PPM if record.duty is not None else share_ppm,
            0 if record.duty is None else overtime,
        )

    def content(self) -> dict[str, Any]:
        """What makes a record the same record, when it is settled again."""
        return {
            "unit": self.unit,
            "signed_in": self.signed_in,
            "exempt": self.exempt,
            "unreachable": self.unreachable,
            "aux": self.aux,
            "unobserved": self.unobserved,
            "answered": self.answered,
            "pauses": self.pauses,
            "sign_ins": self.sign_ins,
            "sign_outs": self.sign_outs,
            "scheduled": self.scheduled,
            "ruled": self.ruled,
            "share_ppm": self.share_ppm,
            "overtime": self.overtime,
            "entitlement": None if self.entitlement is None else list(self.entitlement),
        }


def settlement_key(agent: str, day: date) -> str:
    """Of what is posted for a day. A name with a slash in it can't be taken for another's day."""
    name = agent if agent.isascii() and agent.isalnum() else quote(agent, safe="")
    return f"settle/{name}/{day.isoformat()}"
