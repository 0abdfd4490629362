"""What a real Asterisk said in a test, through the floor and the slow calculator: the same to the microsecond."""

from collections.abc import Sequence

from ccd.floor.events import Found, Heard, Lost, PbxEvent, Snapshot
from tests import slow_calculator
from tests.floor.fast_and_slow import by_the_floor
from tests.floor.random_floors import RandomFloor
from tests.slow_rules import Reason, Rules

RULES = Rules(wrap_up_s={"support": 2}, reasons={"meal": Reason(True, max_s=1)}, timezone="Asia/Shanghai")
EVENTS_MAX = 300  # and rows; the slow calculator looks at all of them for each of them


def assert_agreed(events: Sequence[PbxEvent]) -> None:
    stream = list(events)
    if not stream or len(stream) + sum(len(e.members) for e in stream if isinstance(e, Snapshot)) > EVENTS_MAX:
        return
    until = max(event.at for event in stream) + 3_600_000_000
    slow = slow_calculator.day_records({"test": without_gaps_found(stream)}, RULES, until)
    fast = by_the_floor(RandomFloor({"test": stream}, RULES, until))
    assert fast.keys() == slow.keys()
    for key, record in slow.items():
        assert {figure: fast[key][figure] for figure in record} == record, key


def without_gaps_found(stream: Sequence[PbxEvent]) -> list[PbxEvent]:
    """A gap that is found before anything else is told is none, but that the telephones are put down: where it began
    says only how late it is."""
    after = [*stream[1:], None]
    return [
        Heard(event.at) if isinstance(event, Lost) and isinstance(then, Found) else event
        for event, then in zip(stream, after, strict=True)
    ]
