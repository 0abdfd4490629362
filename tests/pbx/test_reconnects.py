"""Connections that end again and again leave nothing behind."""

import asyncio
import gc
from collections import Counter

import psutil
import pytest

from ccd.errors import PbxUnreachableError
from ccd.pbx.ami import Connection, ManagerAccount
from ccd.pbx.blocks import Blocks
from tests.pbx.eventually import eventually
from tests.pbx.fake_pbx import FakePbx
from tests.pbx.spoken import row
from tests.pbx.test_capture import config, following

OF_A_CONNECTION = (
    "ccd.pbx.ami.Connection", "ccd.pbx.ami._Manager", "ccd.pbx.ami._Protocol",
    "asyncio.selector_events._SelectorSocketTransport",
)  # fmt: skip  # by their modules: what other tests have left in this process is none of them
WARM, RECONNECTS = 5, 50


def standing() -> Counter[str]:
    """What a connection is made of, and what it could leave: open files, tasks, lines, protocols."""
    gc.collect()
    names = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
    kept = {name: count for name, count in names.items() if name in OF_A_CONNECTION}
    return Counter(kept) + Counter(files=psutil.Process().num_fds(), tasks=len(asyncio.all_tasks()))


def of_one(found: Counter[str]) -> Counter[str]:
    """Empty where it is of more, or of less."""
    return found if [found[name] for name in OF_A_CONNECTION[:2]] == [1, 1] else Counter()


async def test_fifty_reconnects_leave_no_file_no_task_and_no_connection() -> None:
    async with FakePbx(rows=row()) as fake, following(config(fake.port)) as (pbx, _, log):

        async def again(times: int) -> None:
            ended = pbx.reconnects + times
            while pbx.reconnects < ended:
                await eventually(lambda: pbx.state == "live")
                fake.hang_up()
                fake._writers.clear()
                await eventually(lambda: pbx.state == "lost")
            await eventually(lambda: pbx.state == "live")

        await again(WARM)
        before = await eventually(lambda: of_one(standing()))  # what has ended may take a moment to let go
        await again(RECONNECTS)
        fake.actions.clear()
        after = standing()
        assert pbx.reconnects >= WARM + RECONNECTS
        grown = {name: (before[name], after[name]) for name in after if after[name] > before[name] + 1}
        assert grown == {}
        assert len(log.said) < 4 * (WARM + RECONNECTS)


async def test_who_was_followed_again_is_not_waited_for_as_one_that_has_been_away_for_long() -> None:
    async with FakePbx(rows=row()) as fake, following(config(fake.port, reconnect_delay_s_max=60.0)) as (pbx, _, _):
        for _ in range(9):
            pbx._next_delay_s()
        await eventually(lambda: pbx.state == "live")
        assert pbx._next_delay_s() <= 0.02


async def test_a_name_that_no_host_can_have_is_no_connection_as_any_other() -> None:
    account = ManagerAccount("north", "no..host", 5038, "ccd", "s3cret")
    with pytest.raises(PbxUnreachableError, match=r"no connection to no\.\.host:5038 \(.*label empty"):
        await Connection(account, Blocks(), lambda blocks: None, lambda: None).open(1.0)
