"""Sign-in, sign-out and pauses, as two real Asterisks tell them."""

from ccd.floor.events import AgentLogged, Device, DeviceChanged, MemberAdded, MemberPaused
from ccd.pbx.incidents import Lack
from ccd.pbx.translate import Scope
from tests.pbx_real.following import Following

SEAT = "Local/1001@agents/n"
STATIC = "Local/1900@agents/n"


async def test_a_sign_in_pauses_for_all_queues_a_changed_reason_and_a_sign_out(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT, "Ann 安")
            pbx.sign_in(SEAT, "Ann 安", queue="sales")
            pbx.pause(SEAT, "打水")
            pbx.pause(SEAT, "meal")
            pbx.unpause(SEAT)
            pbx.sign_out(SEAT)
            pbx.sign_out(SEAT, queue="sales")
            await ccd.until_states(SEAT, ["available", "paused:打水", "paused:meal", "available", "signed_out"])
            assert {segment.view.name for segment in ccd.segments(SEAT)} == {"Ann 安"}
            assert not ccd.pbx.translator.rejected
            assert ccd.pbx.findings == {}


async def test_a_pause_in_one_of_two_queues_is_no_pause_until_the_other_follows(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT)
            pbx.sign_in(SEAT, queue="sales")
            pbx.pause(SEAT, "toilet", queue="support")
            pbx.pause(SEAT, "ticket", queue="sales")
            await ccd.until_states(SEAT, ["available", "paused:ticket"])
            paused = [(event.queue, event.reason) for event in ccd.told(MemberPaused)]
            assert paused == [("support", "toilet"), ("sales", "ticket")]


async def test_who_signs_in_paused_is_paused_from_the_start(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT, paused=True)
            await ccd.until_states(SEAT, ["paused"])


async def test_who_was_there_before_us_is_in_the_first_snapshot(asterisk):
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, "Ann")
        pbx.pause(SEAT, "training")
        assert pbx.heard_within("QueueMemberPause", 5.0)  # else it is told after the snapshot, as what came later
        async with Following(asterisk.port) as ccd:
            await ccd.until_states(SEAT, ["paused:training"])
            [member] = ccd.snapshots[0].members
            assert (member.name, member.paused, member.reason, member.in_call) == ("Ann", True, "training", False)
            assert member.paused_since_s > 0


async def test_a_queue_that_is_not_ours_is_not_seen(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, scope=Scope(exclude=("sal*",))) as ccd:
            pbx.sign_in(SEAT, queue="sales")
            pbx.sign_in(SEAT, queue="support")
            await ccd.until_states(SEAT, ["available"])
            pbx.sign_out(SEAT, queue="support")
            await ccd.until_states(SEAT, ["available", "signed_out"])
            assert {event.queue for event in ccd.told(MemberAdded)} == {"support"}


async def test_a_pool_agent_is_signed_in_when_it_is_a_member_and_logged_in(asterisk):
    seat = "Agent/1009"
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=1.0) as ccd:
            pbx.sign_in(seat, StateInterface="Agent:1009")
            login = {"Channel": "Local/1009@agentlogin/n", "Context": "callers", "Exten": "waiter", "Priority": 1}
            pbx.do("Originate", Async="true", **login)
            await ccd.until(lambda: "available" in ccd.states(seat))
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen and ccd.snapshots[-1].logged_in == frozenset({seat}))
            pbx.do("AgentLogoff", Agent="1009")
            await ccd.until(lambda: ccd.now(seat) == "signed_out")
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen and ccd.snapshots[-1].logged_in == frozenset())
            # Two threads of Asterisk tell of it, either of them first: that the device is gone, and that the agent is.
            [gone] = [each for each in ccd.told(DeviceChanged) if each.device is Device.UNREACHABLE]
            [off] = [each for each in ccd.told(AgentLogged) if not each.logged_in]
            between = ["unreachable"] if ccd.events.index(gone) < ccd.events.index(off) else []
            assert ccd.states(seat) == ["signed_out", "unreachable", "available", *between, "signed_out"]
            assert Lack.LOGINS not in ccd.pbx.findings


async def test_a_module_reload_that_adds_a_static_member_is_followed_by_a_snapshot(asterisk):
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {STATIC},0,Stan")
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            assert ccd.segments(STATIC) == []
            pbx.command("module reload app_queue.so")
            await ccd.until_states(STATIC, ["unobserved", "available"])
            asterisk.rewrite("queues.conf", r"member => .*", "")
            pbx.command("module reload app_queue.so")
            await ccd.until(lambda: ccd.now(STATIC) == "signed_out")


async def test_a_queue_reload_without_any_event_is_noticed_at_the_next_snapshot(asterisk):
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {STATIC},0,Stan")
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=1.0) as ccd:
            pbx.do("QueueReload", Members="yes", Rules="no", Parameters="no")
            await ccd.until(lambda: ccd.states(STATIC)[-1:] == ["available"])
            [member] = ccd.snapshots[-1].members
            assert (member.seat, member.name, member.queue) == (STATIC, "Stan", "static")
            assert ccd.pbx.findings == {}


async def test_an_account_that_may_not_read_queue_events_is_found_when_a_snapshot_shows_what_none_told(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, username="deaf", snapshot_interval_s=1.0) as ccd:
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen + 1)
            assert ccd.pbx.findings == {}  # nothing has happened: nothing is missing
            pbx.sign_in(SEAT)
            await ccd.until(lambda: Lack.QUEUE_EVENTS in ccd.pbx.findings)
            pbx.pause(SEAT, "meal")
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen + 1)
            [said] = ccd.log.events("warning")
            assert "read = agent,system" in said


async def test_an_account_that_may_only_read_agent_events_works_and_the_lack_is_said(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, username="queues", snapshot_interval_s=1.0) as ccd:
            pbx.sign_in(SEAT)
            await ccd.until_states(SEAT, ["available"])
            assert set(ccd.pbx.findings) == {Lack.LOGINS, Lack.ORDERS, Lack.SYSTEM_EVENTS}
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen + 1)
            assert len(ccd.log.events("warning")) == 3  # once each
            assert "write = agent" in "".join(ccd.log.events("warning"))
