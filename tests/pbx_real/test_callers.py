"""What becomes of callers, as two real Asterisks tell it: by AMI, and in their own queue_log."""

from collections.abc import Iterable

import pytest

from ccd.floor.callers import CallGone
from ccd.floor.events import CallEnded, CallerJoined, CallerLeft, PbxEvent
from ccd.floor.floor import Floor
from ccd.pbx.queue_log import QueueLog
from tests.pbx_real.following import RULES, Following
from tests.pbx_real.test_calls import TALKS_SHORTLY, hang_up_callers

S = 1_000_000


def gone(events: Iterable[PbxEvent]) -> list[CallGone]:
    floor = Floor(RULES)
    for event in events:
        floor.apply(event)
    return floor.callers.gone


async def test_a_caller_who_gives_up_one_whom_the_time_out_lets_go_and_one_who_is_answered(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:

            def gave_up(count: int) -> bool:
                return [left.abandoned for left in ccd.told(CallerLeft)].count(True) == count

            pbx.call_in()
            await ccd.until(lambda: ccd.told(CallerJoined))  # the channel is there before the queue has the caller
            hang_up_callers(pbx)
            await ccd.until(lambda: gave_up(1))
            pbx.call_in(wait_s=2)
            await ccd.until(lambda: gave_up(2))
            pbx.sign_in(TALKS_SHORTLY)
            pbx.call_in()
            await ccd.until(lambda: ccd.told(CallEnded))
            told = gone(ccd.events)
        logged = gone(QueueLog([(TALKS_SHORTLY, TALKS_SHORTLY)]).read([asterisk.queue_log]))
    assert [each.became.value for each in told] == ["abandoned", "abandoned", "answered"]
    assert [(each.call, each.became) for each in logged] == [(each.call, each.became) for each in told]
    assert told[2].seat == TALKS_SHORTLY
    for by_ami, by_log in zip(told, logged, strict=True):
        assert by_ami.joined is not None
        assert by_log.joined is not None
        assert by_ami.at - by_ami.joined == pytest.approx(by_log.at - by_log.joined, abs=1.1 * S)
    assert 1.9 * S < told[1].at - (told[1].joined or 0) < 3.5 * S
