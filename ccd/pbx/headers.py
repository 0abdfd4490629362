"""AMI's headers: those of an answer's rows, and what their numbers mean."""

from collections.abc import Mapping

from ccd.floor.events import Device

Headers = Mapping[str, str]

# All that is looked at of an answer's rows.
ROW_HEADERS = tuple(
    """Agent InCall Interface LastPause Location MemberName Membership Name Paused PausedReason Queue StateInterface
    Status Uniqueid Wait Wrapuptime""".split()
)

LOCAL = "Local/"
OPTIMISED_AWAY = "lacks /n: Asterisk takes its channel away, and calls look free before they end"  # said of such a seat
NUMBER_DIGITS_MAX = 12  # of a whole number in a header; more are garbage

FREE, IN_USE, MIRRORED, UNREACHABLE = Device.FREE, Device.IN_USE, Device.MIRRORED, Device.UNREACHABLE

# What app_queue's device states mean, by their number.
DEVICES = {
    "0": FREE,
    "1": FREE,
    "2": IN_USE,
    "3": IN_USE,
    "4": UNREACHABLE,
    "5": UNREACHABLE,
    "6": Device.RINGING,
    "7": IN_USE,
    "8": IN_USE,
}


def device(status: str, other: str, seat: str) -> Device:
    """A `Local/` seat's own device only mirrors the queue's call; `other`, a StateInterface that is none, does not."""
    told = DEVICES.get(status, FREE)
    if told is IN_USE and seat.startswith(LOCAL) and (not other or other.startswith(LOCAL)):
        return MIRRORED
    return told


def in_call(told: str, seat: str) -> bool | None:
    """None where the switch does not say, or says no of a call that it may have lost sight of."""
    if told == "1":
        return True
    return None if not told or is_optimised_away(seat) else False


def is_optimised_away(interface: str) -> bool:
    """A `Local/` interface without `/n`: Asterisk takes its channel out of a live call, and then says there is none."""
    return interface.startswith(LOCAL) and "n" not in interface[len(LOCAL) :].partition("/")[2]


def number(text: str) -> int:
    """A whole number that is optional: 0 where it is missing or garbage."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else 0
