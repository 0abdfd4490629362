"""Agents of app_agent_pool who log in by telephone, and one who hears the announcement and hangs up."""

from ccd.floor.events import CallConnected, CallEnded, CallOffered, OfferEnded
from ccd.pbx.queue_log import QueueLog
from tests.pbx_real.following import Following

LOGGED_IN_S_MAX = 20.0  # Asterisk waits 5 s before it gives an agent on a Local channel a call
DIALPLAN = """
[pool]
exten => _1XXX,1,AgentRequest(${EXTEN})
 same => n,Hangup()

[quits]
exten => _1XXX,1,Answer()
 same => n,Wait(0.5)
 same => n,Hangup()

[phones]"""
ANNOUNCED = "[announced]\nannounce = announcement\nstrategy = ringall\ntimeout = 10\nretry = 5\n[sales]"


async def test_an_agent_who_is_called_through_the_pool_rings_talks_and_is_unreachable_when_logged_off(asterisk):
    seat = "Local/1009@pool/n"
    asterisk.rewrite("extensions.conf", r"\[phones\]", DIALPLAN)
    with asterisk.drive() as pbx:
        pbx.command("dialplan reload")
        async with Following(asterisk.port, snapshot_interval_s=1.0) as ccd:
            pbx.sign_in(seat, "Nina", StateInterface="Agent:1009")
            await ccd.until_states(seat, ["unreachable"])  # nobody is on it
            login = {"Channel": "Local/1009@agentlogin/n", "Context": "callers", "Exten": "waiter", "Priority": 1}
            pbx.do("Originate", Async="true", **login)
            await ccd.until(lambda: ccd.now(seat) == "available", LOGGED_IN_S_MAX)
            assert ccd.snapshots[-1].logged_in == frozenset({"Agent/1009"})
            pbx.call_in()
            await ccd.until(lambda: ccd.now(seat) == "on_call")
            pbx.pause(seat, "meal")
            pbx.act("AgentLogoff", Agent="1009", Soft="true")  # when the call is over
            [caller] = [channel for channel in pbx.channels("Local/waiter@callers") if channel.endswith(";2")][-1:]
            assert ccd.now(seat) == "on_call"
            pbx.do("Hangup", Channel=caller)
            await ccd.until(lambda: ccd.now(seat) == "paused:meal")
            pbx.unpause(seat)
            await ccd.until(lambda: ccd.now(seat) == "unreachable")
            [offered], [connected], [ended] = ccd.told(CallOffered), ccd.told(CallConnected), ccd.told(CallEnded)
            [complete] = ccd.said("AgentComplete")
            assert offered.call == connected.call == complete.get("Uniqueid", connected.call)
            assert ended.call == complete.get("Uniqueid")  # Asterisk may have forgotten the caller's channel by then
            assert ccd.states("Agent/1009") == []  # a member of no queue: its log-in signs nobody in


async def test_who_hangs_up_on_the_announcement_has_turned_the_caller_away_and_missed_nothing(asterisk):
    seat = "Local/1001@quits/n"
    asterisk.rewrite("extensions.conf", r"\[phones\]", DIALPLAN)
    asterisk.rewrite("queues.conf", r"\[sales\]", ANNOUNCED)
    (asterisk.home / "data/sounds/en/announcement.ulaw").write_bytes(b"\xff" * 24_000)
    with asterisk.drive() as pbx:
        pbx.command("dialplan reload")
        pbx.command("module reload app_queue.so")
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(seat, "Quentin", queue="announced")
            pbx.call_in("announced", wait_s=4)
            await ccd.until_states(seat, ["available", "ringing", "available"])
            [turned_away], [offered] = ccd.told(OfferEnded), ccd.told(CallOffered)
            assert (turned_away.missed, turned_away.call) == (False, offered.call)
            assert ccd.told(CallConnected) == []
            logged = list(QueueLog([("Quentin", seat)]).read([asterisk.queue_log]))
            assert [(e.seat, e.missed) for e in logged if isinstance(e, OfferEnded)] == [(seat, False)]
