"""A PBX that its operator stops while ccd follows it."""

import asyncio
from contextlib import suppress
from pathlib import Path

from ccd.floor.events import CallEnded, Heard, PbxEvent
from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from tests.pbx_real.driver import Driver
from tests.pbx_real.following import Following, followed_by
from tests.pbx_real.test_outages import PERSISTED_S

ANSWERS = "Local/1001@agents/n"


def say(pbx: Driver, command: str) -> None:
    """It may hang up instead of answering, or answer when it is over."""
    with suppress(OSError):
        pbx.command(command)


async def on_a_call(pbx: Driver, ccd: Following) -> None:
    pbx.sign_in(ANSWERS, "Ann")
    pbx.call_in()
    await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
    await asyncio.sleep(PERSISTED_S)


def restarted(queue_log: Path, ccd: Following) -> list[PbxEvent]:
    """What the log says once it tells of a start again, and AMI has spoken after that: a switch that starts writes
    it as the very last, perhaps in a later second than that of its first answers. Empty until then."""
    logged = list(QueueLog([("Ann", ANSWERS)]).read([queue_log]))
    starts = [event.at for event in logged if isinstance(event, Heard)]
    return logged if starts and starts[-1] < ccd.events[-1].at else []


async def test_a_switch_that_goes_at_once_takes_its_calls_along_and_the_time_away_is_unobserved(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            await on_a_call(pbx, ccd)
            await asyncio.to_thread(say, pbx, "core stop now")
            await asyncio.to_thread(asterisk.wait_for_end)
            await ccd.until(lambda: ccd.pbx.state == "lost")
            await asyncio.to_thread(asterisk.start)
            await ccd.until(lambda: ccd.now(ANSWERS) == "available", 30)
            lived = ["available", "ringing", "on_call", "unobserved", "available"]
            assert [state for state in ccd.states(ANSWERS) if state != "wrap_up"] == lived
            logged = await ccd.until(lambda: restarted(asterisk.queue_log, ccd))
            filled = [each.view.state.name.lower() for each in followed_by(list(fill(ccd.events, logged)))[ANSWERS]]
            assert "unobserved" in filled, "a log goes on over a restart, and does not know who was there"
            assert filled[-1] == "available"
            assert len(ccd.losses) == 1
            assert 1 <= len(ccd.log.events("error")) <= 2  # lost, and then unreachable: each of them once


async def test_a_switch_that_stops_gracefully_lets_the_call_end_and_then_goes(asterisk):
    seat = "Local/3001@agents/n"  # talks for 2 s
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=0.5) as ccd:
            pbx.sign_in(seat)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(seat) == "on_call")
            await asyncio.to_thread(say, pbx, "core stop gracefully")
            await ccd.until(lambda: "PBX is about to stop, and is followed until it does" in ccd.log.events("info"))
            await ccd.until(lambda: ccd.told(CallEnded))
            await ccd.until(lambda: ccd.pbx.state == "lost", 20)
            assert ccd.pbx.findings == {}
            assert ccd.told(CallEnded)[0].at <= ccd.losses[0].at
            [on_call] = [segment for segment in ccd.segments(seat) if segment.view.state.name == "ON_CALL"]
            assert on_call.end == ccd.told(CallEnded)[0].at
