"""AMI's headers: those that are looked at, and what their numbers mean."""

from collections.abc import Mapping

from ccd.floor.events import Device
from ccd.pbx.blocks import picking

Headers = Mapping[str, str]

# All that anybody looks at, of events and of an answer's rows.
HEADERS = picking(
    """Agent InCall Interface LastPause Location MemberName Membership Name Paused PausedReason Queue StateInterface
    Status Timestamp Uniqueid Wait Wrapuptime""".split()
)

LOCAL = "Local/"
NUMBER_DIGITS_MAX = 12  # of a whole number in a header; more are garbage

# What app_queue's device states mean, by their number.
DEVICES = {
    "0": Device.FREE,
    "1": Device.FREE,
    "2": Device.IN_USE,
    "3": Device.IN_USE,
    "4": Device.UNREACHABLE,
    "5": Device.UNREACHABLE,
    "6": Device.RINGING,
    "7": Device.IN_USE,
    "8": Device.IN_USE,
}


def device(headers: Headers, seat: str) -> Device:
    """A `Local/` seat's own device only mirrors the queue's call; a StateInterface that is another device does not."""
    told = DEVICES.get(headers.get("Status", ""), Device.FREE)
    other = headers.get("StateInterface", "")
    mirrors = seat.startswith(LOCAL) and (not other or other.startswith(LOCAL))
    return Device.MIRRORED if mirrors and told is Device.IN_USE else told


def in_call(headers: Headers) -> bool | None:
    told = headers.get("InCall")
    return None if told is None else told == "1"


def number(text: str) -> int:
    """A whole number that is optional: 0 where it is missing or garbage."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else 0
