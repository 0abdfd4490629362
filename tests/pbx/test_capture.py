"""Capture against a PBX that says what a test wants: logins, silence, refusals, garbage, slowness."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from time import monotonic, process_time
from typing import Any

import pytest

from ccd.errors import (
    LoginRefusedError,
    NoAnswerError,
    PbxError,
    PbxLostError,
    PbxTlsError,
    PbxUnreachableError,
)
from ccd.floor.events import Heard, Lost, MemberPaused, Snapshot
from ccd.pbx.ami import ManagerAccount
from ccd.pbx.capture import Pbx, PbxConfig
from ccd.pbx.incidents import Lack, PbxFinding
from ccd.pbx.observation import Keep, keep_nothing
from tests.pbx.configured import configured
from tests.pbx.eventually import eventually
from tests.pbx.fake_pbx import FakePbx, key_of
from tests.pbx.said_log import SaidLog
from tests.pbx.spoken import SEAT, block, pause, row

TLS = Path(__file__).parent / "tls"
FAST: dict[str, Any] = {
    "ping_interval_s": 0.2,
    "ping_deadline_s": 0.2,
    "reconnect_delay_s_min": 0.02,
    "reconnect_delay_s_max": 0.05,
    "login_timeout_s": 0.5,
    "snapshot_settle_s": 0.05,
    "watermark_margin_s": 0.0,
}


def config(port: int, *, tls: ssl.SSLContext | None = None, method: Any = "md5", **limits: Any) -> PbxConfig:
    return configured(ManagerAccount("north", "127.0.0.1", port, "ccd", "geheim", tls, method), **(FAST | limits))


@asynccontextmanager
async def following(settings: PbxConfig, keep: Keep = keep_nothing) -> AsyncIterator[tuple[Pbx, list[Any], SaidLog]]:
    """A Pbx that runs, the events it told, and what it said. What `run` raised is raised at the end."""
    log, events = SaidLog(), list[Any]()
    pbx = Pbx(settings, log, keep, random=Random(1))

    async def read() -> None:
        async for batch in pbx.batches():
            assert 0 < len(batch) <= settings.queue_size_max + 1  # and one that says what was lost
            events.extend(batch)

    loop = asyncio.get_running_loop()
    running, reading = loop.create_task(pbx.run()), loop.create_task(read())
    try:
        yield pbx, events, log
    finally:
        for task in (running, reading):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_it_logs_in_by_challenge_and_never_sends_the_secret():
    async with FakePbx(rows=row()) as fake, following(config(fake.port)) as (pbx, events, log):
        await eventually(lambda: pbx.state == "live")
        [login] = fake.asked("Login")
        assert login["Key"] == key_of("geheim")
        assert "Secret" not in login
        assert login["Events"] == "agent,system"
        assert "geheim" not in str(fake.actions)
        [snapshot] = [event for event in events if isinstance(event, Snapshot)]
        assert [member.seat for member in snapshot.members] == [SEAT]
        assert pbx.findings == {}
        assert log.events() == ["PBX is followed"]
    assert "geheim" not in repr(config(1))


async def test_over_tls_the_certificate_is_checked():
    server, client = certificates()
    async with FakePbx(tls=server) as fake:
        async with following(config(fake.port, tls=client, method="plain")) as (pbx, _, _):
            await eventually(lambda: pbx.state == "live")
            assert fake.asked("Login")[0]["Secret"] == "geheim"
        asked = len(fake.actions)
        async with following(config(fake.port, tls=ssl.create_default_context())) as (pbx, _, log):
            await eventually(lambda: log.events("error"))
            assert "no TLS with 127.0.0.1" in log.events("error")[0]
            assert len(fake.actions) == asked  # a stranger is told nothing


@pytest.mark.parametrize(
    ("silent_on", "what"), [("Challenge", "no answer to Challenge"), ("Login", "no answer to Login")]
)
async def test_a_login_that_is_not_answered_is_given_up(silent_on, what):
    async with FakePbx() as fake:
        fake.silent_on.add(silent_on)
        async with following(config(fake.port)) as (pbx, events, log):
            await eventually(lambda: fake.connections >= 2)
            assert [what in said for said in log.events("error")] == [True]
            fake.silent_on.clear()
            await eventually(lambda: pbx.state == "live")
            assert not any(isinstance(event, Lost) for event in events)


async def test_a_refused_login_is_said_once_and_tried_again_slowly():
    async with FakePbx() as fake:
        fake.refused["Login"] = "Authentication failed"
        since = monotonic()
        async with following(config(fake.port, refused_delay_s=0.4)) as (pbx, _, log):
            await eventually(lambda: fake.connections == 2, 2)
            assert monotonic() - since >= 0.4
            assert log.events("error") == [str(LoginRefusedError("north", "ccd", "Authentication failed"))]
            fake.refused.clear()
            await eventually(lambda: pbx.state == "live")


@pytest.mark.parametrize("silent_on", ["Ping", "QueueStatus", "Agents"])
async def test_silence_ends_the_connection_within_two_intervals(silent_on):
    async with FakePbx() as fake, following(config(fake.port, snapshot_interval_s=0.3)) as (pbx, events, log):
        await eventually(lambda: pbx.state == "live")
        fake.silent_on.add(silent_on)
        since = monotonic()
        await eventually(lambda: pbx.state == "lost")
        assert monotonic() - since < (0.3 if silent_on != "Ping" else 0.0) + 2 * 0.2 + 1.0  # and a busy machine
        assert f"no answer to {silent_on}" in log.events("error")[0]
        await eventually(lambda: any(isinstance(event, Lost) for event in events))


async def test_an_answer_that_stops_in_the_middle_ends_the_connection_too():
    async with FakePbx() as fake, following(config(fake.port, snapshot_interval_s=0.3)) as (pbx, _, log):
        await eventually(lambda: pbx.state == "live")
        fake.rows = b"Event: QueueMember\r\nQueue: support\r\nLocation: "  # and what follows becomes part of it
        fake.before_answers["QueueStatus"] = lambda: b"x" * 1000  # the head of the answer is lost
        await eventually(lambda: pbx.state == "lost")
        assert log.events("error")


async def test_a_gap_begins_at_the_last_event_or_ping_and_the_next_snapshot_ends_it():
    async with FakePbx(rows=row()) as fake, following(config(fake.port)) as (pbx, events, _):
        await eventually(lambda: pbx.state == "live")
        fake.hang_up()
        await eventually(lambda: len([event for event in events if isinstance(event, Snapshot)]) == 2)
        kinds = [type(event) for event in events]
        lost = events[kinds.index(Lost)]
        heard = [event.at for event in events[: kinds.index(Lost)] if isinstance(event, Heard)]
        # A Ping that is answered while the first snapshot is placed has been heard, and is told of by nothing.
        assert max([events[0].at, *heard]) <= lost.at < events[kinds.index(Lost) + 1].at
        assert isinstance(events[kinds.index(Lost) + 1], Snapshot)


async def test_a_clock_far_ahead_of_ours_is_not_followed_and_is_said_once():
    async with (
        FakePbx(rows=row()) as fake,
        following(config(fake.port, clock_ahead_s_max=-3600.0)) as (pbx, events, log),
    ):
        await eventually(lambda: pbx.reconnects > 2 and pbx.state == "lost")
        assert (events, [said.count("ahead of ours") for said in log.events("error")]) == ([], [1])


async def test_what_was_asked_before_a_cut_is_never_asked_again():
    async with FakePbx() as fake, following(config(fake.port)) as (pbx, _, _):
        await eventually(lambda: pbx.state == "live")
        fake.silent_on.add("Ping")
        await eventually(lambda: pbx.state == "lost")
        fake.silent_on.clear()
        await eventually(lambda: pbx.state == "live")
        await asyncio.sleep(0.5)
        ids = [action["ActionID"] for action in fake.actions]
        assert len(ids) == len(set(ids))


async def test_delays_between_attempts_grow_to_the_limit_with_jitter():
    pbx = Pbx(config(1, reconnect_delay_s_min=1.0, reconnect_delay_s_max=8.0), SaidLog(), random=Random(7))
    delays = [pbx._next_delay_s() for _ in range(50)]
    for delay, most in zip(delays, [1.0, 2.0, 4.0, *[8.0] * 47], strict=True):
        assert most / 2 <= delay <= most
    assert len({round(delay, 3) for delay in delays[3:]}) > 20


async def test_a_port_where_nobody_listens_is_said_once_and_tried_until_somebody_does():
    async with FakePbx() as gone:
        port = gone.port
    async with following(config(port)) as (pbx, _, log):
        await eventually(lambda: pbx.reconnects > 5)
        [said] = log.events("error")
        assert f"127.0.0.1:{port}" in said
        assert pbx.state == "lost"


async def test_an_exception_of_our_own_is_handed_to_whoever_supervises():
    def keep(at: int, block: bytes) -> int:
        raise ZeroDivisionError("a defect")

    async with FakePbx() as fake:
        pbx = Pbx(config(fake.port), SaidLog(), keep)
        async with asyncio.timeout(5):
            with pytest.raises(ZeroDivisionError, match="a defect"):
                await pbx.run()  # a snapshot is evidence too, so the first one meets the defect
        assert pbx.state == "lost"


@pytest.mark.parametrize(
    ("banner", "found"),
    [("5.0.4", False), ("11.0.0", False), ("12.1.0", True), ("4.0.0", True), ("2.10.6/x", True), ("?", True)],
)
async def test_a_version_that_was_never_tried_is_found_and_followed_all_the_same(banner, found):
    async with FakePbx(banner=banner) as fake, following(config(fake.port)) as (pbx, _, _):
        await eventually(lambda: pbx.state == "live")
        assert (Lack.VERSION in pbx.findings) == found


async def test_what_is_lacking_is_said_once_with_its_cost_and_goes_when_it_is_mended():
    async with FakePbx() as fake:
        fake.refused = {"Agents": "Permission denied"}
        async with following(config(fake.port, snapshot_interval_s=0.1)) as (pbx, events, log):
            await eventually(lambda: len(fake.asked("Agents")) > 3)
            assert pbx.findings[Lack.LOGINS] == PbxFinding(Lack.LOGINS, "Permission denied")
            [said] = log.events("warning")
            assert "write = agent" in said
            assert events[0].logged_in is None
            fake.refused.clear()
            await eventually(lambda: not pbx.findings)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": row(Membership="dynamic") + row("PJSIP/1002", Membership="dynamic")},
        {"rows": b""},
        {"rows": row(Membership="dynamic", Paused=1)},
        {"rows": row(Membership="dynamic", InCall=1)},
    ],
    ids=["signed in", "signed out", "paused", "in a call"],
)
async def test_a_snapshot_that_differs_without_any_event_shows_what_the_account_may_not_read(change):
    async with (
        FakePbx(rows=row(Membership="dynamic")) as fake,
        following(config(fake.port, snapshot_interval_s=0.1)) as (pbx, _, log),
    ):
        await eventually(lambda: len(fake.asked("QueueStatus")) > 2)
        assert pbx.findings == {}
        fake.rows = change["rows"]
        await eventually(lambda: Lack.QUEUE_EVENTS in pbx.findings)
        asked = len(fake.asked("QueueStatus"))
        await eventually(lambda: len(fake.asked("QueueStatus")) > asked + 2)
        [said] = log.events("warning")
        assert "`read = agent,system`" in said
        fake.say(pause(1.0))
        await eventually(lambda: not pbx.findings)


async def test_a_static_member_that_a_reload_brings_shows_nothing_of_what_the_account_may_read():
    async with (
        FakePbx(rows=row(Membership="static")) as fake,
        following(config(fake.port, snapshot_interval_s=0.1)) as (pbx, events, _),
    ):
        await eventually(lambda: pbx.state == "live")
        fake.rows += row("PJSIP/2002", Membership="static")
        await eventually(lambda: any(isinstance(e, Snapshot) and len(e.members) == 2 for e in events))
        await asyncio.sleep(0.3)
        assert pbx.findings == {}


async def test_an_account_that_hears_events_lacks_nothing_when_a_snapshot_differs():
    async with (
        FakePbx(rows=row(Membership="dynamic")) as fake,
        following(config(fake.port, snapshot_interval_s=0.1)) as (pbx, events, _),
    ):
        await eventually(lambda: pbx.state == "live")
        fake.say(pause(1.0))
        fake.rows = b""
        await eventually(lambda: any(isinstance(e, Snapshot) and not e.members for e in events))
        await asyncio.sleep(0.3)
        assert pbx.findings == {}


async def test_any_event_without_a_time_shows_that_events_carry_none():
    async with FakePbx() as fake, following(config(fake.port)) as (pbx, _, log):
        await eventually(lambda: pbx.state == "live")
        fake.say(block("Event: PeerStatus", None, Privilege="system,all", Peer="PJSIP/1001"))
        await eventually(lambda: Lack.STAMPS in pbx.findings)
        [said] = log.events("warning")
        assert "timestampevents = yes" in said
        fake.say(block("Event: PeerStatus", 1.0, Privilege="system,all", Peer="PJSIP/1001"))
        await eventually(lambda: not pbx.findings)


async def test_without_app_agent_pool_there_is_nothing_lacking():
    async with FakePbx() as fake:
        fake.refused = {"Agents": "Invalid/unknown command: Agents."}
        async with following(config(fake.port)) as (pbx, _, _):
            await eventually(lambda: pbx.state == "live")
            assert pbx.findings == {}


async def test_an_account_that_gets_no_queue_status_observes_nothing_and_says_so():
    async with FakePbx() as fake:
        fake.refused = {"QueueStatus": "Permission denied"}
        async with following(config(fake.port)) as (pbx, events, _):
            await eventually(lambda: Lack.SNAPSHOT in pbx.findings)
            fake.say(pause(1.0))
            await asyncio.sleep(0.3)
            assert events == []
            assert pbx.state == "catching_up"
            fake.refused.clear()
            await eventually(lambda: pbx.state == "live", 5)


async def test_what_is_said_while_an_answer_is_on_its_way_is_told_before_it_and_named():
    async with FakePbx(rows=row()) as fake, following(config(fake.port, snapshot_interval_s=0.3)) as (pbx, events, _):
        await eventually(lambda: pbx.state == "live")
        fake.before_answers["Agents"] = lambda: pause(5.0, 1, "meal")
        await eventually(lambda: len([event for event in events if isinstance(event, Snapshot)]) >= 2)
        kinds = [type(event) for event in events if not isinstance(event, Heard)]
        assert kinds[:3] == [Snapshot, MemberPaused, Snapshot]
        second = [event for event in events if isinstance(event, Snapshot)][1]
        assert second.spoke == {(SEAT, "support")}


async def test_the_inbox_holds_no_more_than_its_limit_whatever_comes():
    async with FakePbx(rows=row()) as fake, following(config(fake.port, queue_size_max=1000)) as (pbx, events, log):
        await eventually(lambda: pbx.state == "live")
        before = len(events)
        fake.say(b"".join(pause(n / 1000, n % 2) for n in range(5000)))  # in one piece: nobody can take it meanwhile
        await eventually(lambda: pbx.inbox.dropped)
        await eventually(lambda: pbx.state == "live", 5)
        told = events[before:]
        assert pbx.inbox.dropped + len([event for event in told if isinstance(event, MemberPaused)]) <= 5000
        assert [type(event) for event in told if isinstance(event, (Lost, Snapshot))] == [Lost, Snapshot]
        assert len([said for said in log.events("error") if "faster" in said]) == 1


async def test_five_thousand_members_are_there_after_less_than_two_seconds_of_work():
    rows = b"".join(row(f"PJSIP/{n}", "support") for n in range(5000))
    async with FakePbx(rows=rows) as fake:
        since = process_time()  # what others do on this machine meanwhile is not ours
        async with following(config(fake.port)) as (pbx, events, _):
            await eventually(lambda: pbx.state == "live")
            assert process_time() - since < 2.0
            await eventually(lambda: events)
            assert len(events[0].members) == 5000


@pytest.mark.parametrize(
    "error",
    [
        PbxUnreachableError("north", "10.0.0.1", 5038, "refused"),
        PbxTlsError("north", "10.0.0.1", 5039, "self-signed certificate"),
        LoginRefusedError("north", "ccd", "Authentication failed"),
        NoAnswerError("north", "Ping", 2.0),
        PbxLostError("north", ""),
    ],
)
def test_each_error_names_the_pbx_in_one_line(error):
    assert isinstance(error, PbxError)
    assert "PBX north" in str(error)
    assert "\n" not in str(error)


def certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for 127.0.0.1, and a client's that trusts it alone."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return server, ssl.create_default_context(cafile=TLS / "certificate.pem")


async def test_a_switch_that_is_about_to_stop_is_followed_until_it_does_and_lets_nobody_in():
    async with FakePbx(rows=row()) as fake, following(config(fake.port, snapshot_interval_s=0.1)) as (pbx, events, log):
        await eventually(lambda: pbx.state == "live")
        fake.refused = dict.fromkeys(("Ping", "QueueStatus", "Agents", "Challenge"), "Asterisk is shutting down")
        await eventually(lambda: "PBX is about to stop, and is followed until it does" in log.events("info"))
        fake.say(pause(5.0, 1, "meal"))
        await eventually(lambda: any(isinstance(event, MemberPaused) for event in events))
        assert (pbx.state, pbx.findings, fake.connections) == ("live", {}, 1)
        fake.hang_up()
        await eventually(lambda: fake.connections > 2)
        assert {"shutting down" in said for said in log.events("error")[1:]} <= {True}
        fake.refused = {}  # it is back
        await eventually(lambda: pbx.state == "live")


async def test_a_switch_that_does_not_stop_after_all_is_asked_again():
    async with FakePbx(rows=row()) as fake, following(config(fake.port)) as (pbx, events, log):
        await eventually(lambda: pbx.state == "live")
        fake.refused = {"Ping": "Asterisk is shutting down"}
        await eventually(lambda: "PBX is about to stop, and is followed until it does" in log.events("info"))
        heard = len([event for event in events if isinstance(event, Heard)])
        fake.refused = {}
        await eventually(lambda: "PBX does not stop after all" in log.events("info"))
        await eventually(lambda: len([event for event in events if isinstance(event, Heard)]) > heard)
        assert fake.connections == 1
