"""What is really so on a random floor, told or not (tests.floor.random_floors)."""

from dataclasses import dataclass, field

from ccd.floor.events import Device


@dataclass
class Row:
    paused: bool
    reason: str
    since: int
    device: Device
    in_call: bool = False


@dataclass
class Truth:
    """One seat as it really is."""

    seat: str
    name: str
    wrap_up_s: int
    rows: dict[str, Row] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)  # call → queue
    calls: dict[str, str] = field(default_factory=dict)
    logged_in: bool = False
    last: int = 0  # when it was last spoken of
