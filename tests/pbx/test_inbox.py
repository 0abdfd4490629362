"""The bounded queue between socket and floor."""

from ccd.floor.events import Heard, Lost, PbxEvent
from ccd.pbx.inbox import Inbox


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
