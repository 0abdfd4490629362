"""The bounded queue between socket and floor."""

from time import time

from ccd.floor.events import Heard, Lost, MemberPaused, PbxEvent
from ccd.pbx.inbox import Inbox
from tests.pbx.eventually import eventually
from tests.pbx.fake_pbx import FakePbx
from tests.pbx.spoken import T0, pause, row, us
from tests.pbx.test_capture import config, following


def heard(*times: int) -> list[PbxEvent]:
    return [Heard(at) for at in times]


async def test_a_batch_is_all_that_has_come_in_its_order():
    inbox = Inbox(10)
    batches = inbox.batches()
    assert inbox.put(heard(1, 2))
    assert inbox.put([])
    assert inbox.put(heard(3))
    assert await anext(batches) == heard(1, 2, 3)
    assert inbox.put(heard(4))
    assert await anext(batches) == heard(4)


async def test_what_does_not_fit_is_dropped_as_a_whole_and_the_mark_still_fits():
    inbox = Inbox(3)
    assert inbox.put(heard(1, 2))
    assert not inbox.put(heard(3, 4))
    assert inbox.put(heard(5))
    assert inbox.dropped == 2
    inbox.mark([Lost(2)])
    assert inbox.put([])  # nothing is no overflow, however full it is
    assert not inbox.caught_up.is_set()
    assert await anext(inbox.batches()) == [*heard(1, 2, 5), Lost(2)]
    assert inbox.caught_up.is_set()
    assert inbox.dropped == 2


async def test_the_gap_begins_before_the_first_event_that_was_dropped():
    async with FakePbx(rows=row()) as fake, following(config(fake.port, queue_size_max=1000)) as (pbx, events, _):
        await eventually(lambda: pbx.state == "live")
        said_s = [time() - T0 + n / 1000 for n in range(5000)]
        fake.say(b"".join(pause(after_s, n % 2) for n, after_s in enumerate(said_s)))
        await eventually(lambda: any(isinstance(event, Lost) for event in events))
        told = {event.at for event in events if isinstance(event, MemberPaused)}
        [lost] = [event.at for event in events if isinstance(event, Lost)]
        assert lost < min(us(after_s) for after_s in said_s if us(after_s) not in told)
