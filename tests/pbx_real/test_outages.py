"""What goes wrong between a real Asterisk and us, and that it is right again afterwards, by itself."""

import asyncio
from contextlib import suppress
from time import monotonic

from ccd.errors import LoginRefusedError
from ccd.floor.events import CallEnded, Heard, MemberPaused, Snapshot
from ccd.pbx.evidence import Evidence
from ccd.pbx.evidence_index import find
from ccd.pbx.incidents import Lack
from tests.pbx.said_log import SaidLog
from tests.pbx_real.asterisk import Asterisk
from tests.pbx_real.driver import Driver
from tests.pbx_real.following import NOTICES_SILENCE, Following

SEAT = "Local/1001@agents/n"
STATIC = "Local/1900@agents/n"


PERSISTED_S = 2.0  # Asterisk writes its members down about once a second


def storm(pbx: Driver) -> None:
    """More events than twice a queue of a thousand: one that is full may be emptied before the reader stands still."""
    for _ in range(1_100):
        pbx.pause(SEAT, "storm")
        pbx.unpause(SEAT)


async def test_after_a_restart_who_was_paused_is_paused_and_what_was_not_seen_is_unobserved(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT, "Ann")
            pbx.pause(SEAT, "meal")
            await ccd.until_states(SEAT, ["available", "paused:meal"])
            last = ccd.told(MemberPaused)[-1].at
            with suppress(OSError):  # it hangs up instead of answering
                pbx.command("core restart now")
            await ccd.until(lambda: len(ccd.snapshots) >= 2 and ccd.pbx.state == "live")
            assert ccd.states(SEAT)[:3] == ["available", "paused:meal", "unobserved"]
            assert ccd.now(SEAT).startswith("paused")
            gap = next(segment for segment in ccd.segments(SEAT) if segment.view.state.name == "UNOBSERVED")
            assert [lost.at for lost in ccd.losses] == [gap.start]
            assert last <= gap.start < ccd.snapshots[1].at == gap.end
            assert len(ccd.log.events("error")) == 1


async def test_a_killed_asterisk_is_said_once_and_followed_again_when_it_is_back(asterisk):
    async with Following(asterisk.port) as ccd:
        with asterisk.drive() as pbx:
            pbx.sign_in(SEAT, "Ann")
            await ccd.until_states(SEAT, ["available"])
        await asyncio.sleep(PERSISTED_S)
        await asyncio.to_thread(asterisk.kill)
        await ccd.until(lambda: ccd.pbx.state == "lost")
        await asyncio.sleep(0.5)
        await asyncio.to_thread(asterisk.start)
        await ccd.until(lambda: ccd.pbx.state == "live", 30)
        await ccd.until_states(SEAT, ["available", "unobserved", "available"])
        assert len(ccd.losses) == 1
        assert 1 <= len(ccd.log.events("error")) <= 2  # lost, and then unreachable: each of them once
        assert ccd.log.events("info")[-1] == "PBX is followed"


async def test_a_frozen_asterisk_is_noticed_within_two_intervals(asterisk):
    interval_s = 1.0
    async with Following(asterisk.port, ping_interval_s=interval_s, ping_deadline_s=interval_s) as ccd:
        with asterisk.drive() as pbx:
            pbx.sign_in(SEAT, "Ann")
            await ccd.until_states(SEAT, ["available"])
        asterisk.freeze()
        frozen = monotonic()
        await ccd.until(lambda: ccd.pbx.state == "lost")
        assert monotonic() - frozen < 2 * interval_s + 0.25
        await asyncio.sleep(1.0)
        asterisk.thaw()
        await ccd.until(lambda: ccd.pbx.state == "live", 30)
        await ccd.until_states(SEAT, ["available", "unobserved", "available"])
        assert "no answer to Ping" in ccd.log.events("error")[0]


async def test_a_wrong_password_is_reported_as_what_it_is_and_tried_again_slowly(asterisk):
    async with Following(asterisk.port, secret="falsch", wait_until_live=False, refused_delay_s=1.5) as ccd:
        await ccd.until(lambda: ccd.log.events("error"))
        assert str(LoginRefusedError("test", "ccd", "Authentication failed")) == ccd.log.events("error")[0]
        connections = len(ccd.proxy.streams)
        await asyncio.sleep(1.0)
        assert len(ccd.proxy.streams) == connections
        await ccd.until(lambda: len(ccd.proxy.streams) > connections)
        assert len(ccd.log.events("error")) == 1
        assert ccd.events == []
        assert b"falsch" not in b"".join(ccd.proxy.asked)


async def test_what_was_asked_before_a_cut_is_not_asked_again_after_it(asterisk):
    async with Following(asterisk.port, **NOTICES_SILENCE) as ccd:
        asterisk.freeze()
        await ccd.until(lambda: ccd.pbx.state == "lost")
        asked = bytes(ccd.proxy.asked[-1])
        asterisk.thaw()
        await ccd.until(lambda: ccd.pbx.state == "live", 30)
        ids = [line for line in asked.split(b"\r\n") if line.startswith(b"ActionID")]
        assert ids
        assert not any(identity in bytes(later) for identity in ids for later in ccd.proxy.asked[1:] if later != asked)


async def test_a_cut_connection_loses_no_more_than_the_time_between(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT, "Ann")
            pbx.pause(SEAT, "toilet")
            await ccd.until_states(SEAT, ["available", "paused:toilet"])
            ccd.proxy.cut()
            pbx.pause(SEAT, "meal")
            await ccd.until_states(SEAT, ["available", "paused:toilet", "unobserved", "paused:meal"])
            assert [event.reason for event in ccd.told(MemberPaused)] == ["toilet"]


async def test_a_call_that_ends_while_we_are_away_is_over_when_we_come_back(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, reconnect_delay_s_min=1.0, reconnect_delay_s_max=1.0) as ccd:
            pbx.sign_in(SEAT, "Ann")
            pbx.call_in()
            await ccd.until(lambda: ccd.now(SEAT) == "on_call")
            ccd.proxy.cut()
            for channel in pbx.channels("Local/waiter"):
                pbx.act("Hangup", Channel=channel)
            await ccd.until(lambda: len(ccd.snapshots) == 2)
            assert ccd.told(CallEnded) == []
            assert ccd.states(SEAT)[:4] == ["available", "ringing", "on_call", "unobserved"]
            await ccd.until(lambda: ccd.now(SEAT) == "available")


async def test_garbage_and_long_lines_cost_no_event_and_are_followed_by_a_snapshot(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT, "Ann")
            await ccd.until_states(SEAT, ["available"])
            for garbage in (
                b"\x00\xff\xfe\r\n\r\n",
                b"x" * 1_000_000 + b"\r\n\r\n",
                b"Event: " + b"y" * 200_000 + b"\r\n\r\n",
            ):
                ccd.proxy.inject(garbage)
                await asyncio.sleep(0.1)
            seen = len(ccd.snapshots)
            pbx.pause(SEAT, "meal")
            pbx.unpause(SEAT)
            await ccd.until_states(SEAT, ["available", "paused:meal", "available"])
            await ccd.until(lambda: len(ccd.snapshots) > seen)
            assert ccd.pbx.blocks.dropped == 3
            assert ccd.states(SEAT) == ["available", "paused:meal", "available"]
            assert len(ccd.proxy.streams) == 1


async def test_a_queue_that_overflows_is_a_gap_that_is_marked_and_resynchronised(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, queue_size_max=1000) as ccd:
            pbx.sign_in(SEAT, "Ann")
            await ccd.until_states(SEAT, ["available"])
            ccd.reading.clear()
            await ccd.until(lambda: ccd.pbx.inbox.caught_up.is_set())
            await asyncio.to_thread(storm, pbx)
            await ccd.until(lambda: ccd.pbx.inbox.dropped)
            assert ccd.pbx.state == "catching_up"
            pbx.pause(SEAT, "meal")
            ccd.reading.set()
            await ccd.until(lambda: ccd.pbx.state == "live")
            await ccd.until(lambda: ccd.now(SEAT) == "paused:meal")
            [lost] = ccd.losses
            snapshot = next(s for s in ccd.snapshots if s.at > lost.at)
            told = [event for event in ccd.told(MemberPaused) if lost.at < event.at < snapshot.at]
            assert told == []
            assert ccd.pbx.inbox.dropped > 0
            assert len([said for said in ccd.log.events("error") if "faster" in said]) == 1


async def test_events_without_a_time_are_not_used_and_the_lack_is_said(asterisk):
    instance = Asterisk(asterisk.version, stamps="no")
    try:
        await asyncio.to_thread(instance.start)
        with instance.drive() as pbx:
            async with Following(instance.port) as ccd:
                pbx.sign_in(SEAT, "Ann")
                await ccd.until(lambda: Lack.STAMPS in ccd.pbx.findings)
                assert "timestampevents = yes" in ccd.log.events("warning")[0]
                assert {type(event) for event in ccd.events} == {Snapshot, Heard}
    finally:
        instance.close()


async def test_an_asterisk_that_is_still_booting_is_asked_again_when_it_is_up(asterisk):
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {STATIC},0,Stan")
    async with Following(asterisk.port) as ccd:
        await asyncio.to_thread(asterisk.kill)
        await asyncio.to_thread(asterisk.start)
        await ccd.until(lambda: ccd.now(STATIC) == "available", 30)
        assert "signed_out" not in ccd.states(STATIC)


async def test_a_quiet_pbx_moves_the_watermark_by_its_own_clock(asterisk):
    async with Following(asterisk.port, ping_interval_s=0.2, ping_deadline_s=0.2, watermark_margin_s=1.5) as ccd:
        await ccd.until(lambda: len(ccd.told(Heard)) > 5)
        heard = [event.at for event in ccd.told(Heard)]
        assert heard == sorted(heard)
        assert 100_000 < (heard[-1] - heard[0]) / (len(heard) - 1) < 400_000
        assert abs(heard[0] + 1_500_000 - ccd.snapshots[0].at) < 1_000_000


async def test_what_was_heard_is_kept_as_evidence_and_found_by_the_events_ref(asterisk, tmp_path):
    evidence = Evidence(tmp_path, "test", SaidLog(), keep_days=365)
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, keep=evidence.keep) as ccd:
            pbx.sign_in(SEAT, "Ann 安")
            pbx.pause(SEAT, "打水")
            await ccd.until_states(SEAT, ["available", "paused:打水"])
            await evidence.flush()
            [paused] = ccd.told(MemberPaused)
            block = find(evidence.folder, paused.ref)
            assert block is not None
            assert block in bytes(ccd.proxy.streams[0])
            assert block.startswith(b"Event: QueueMemberPause\r\n")
            assert "PausedReason: 打水".encode() in block
            assert ccd.segments(SEAT)[-1].opened_by == paused.ref
            listed = find(evidence.folder, ccd.snapshots[0].ref)
            assert listed is not None
            assert listed.startswith(b"Event: QueueParams")
            assert listed.endswith(b"Event: AgentsComplete\r\nActionID: " + listed.rpartition(b"ActionID: ")[2])
