"""Calls of queues, as two real Asterisks tell them. Members are Local channels that answer at once, late, or never."""

from typing import Any

from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.floor.segments import Segment
from ccd.pbx.queue_log import QueueLog
from tests.pbx_real.driver import Driver
from tests.pbx_real.following import Following, followed_by

ANSWERS = "Local/1001@agents/n"  # talks until somebody hangs up
RINGS_ON = "Local/2001@agents/n"
TALKS_SHORTLY = "Local/3001@agents/n"  # 2 s
ANSWERS_LATE = "Local/4001@agents/n"  # after 1.5 s
OPTIMISED_AWAY = "Local/5002@agents"  # dials another who talks, and is taken out of the call: no /n keeps it in
WAITER = "Local/waiter@callers"

# In which second queue_log has what AMI told, counted from AMI's. A thread of AMI's own stamps an event when it gets to
# it, perhaps in the next one. The event of who comes or goes is sent before the line is written, any other after it.
LOGGED_LATER_S = {
    MemberAdded: (-1, 0, 1),
    MemberRemoved: (-1, 0, 1),
    MemberPaused: (-1, 0),
    CallConnected: (-1, 0),
    CallEnded: (-1, 0),
}


def hang_up_callers(pbx: Driver, half: str = ";2") -> None:
    """The far half is the caller's telephone; hanging up the near one is Asterisk's own doing."""
    for channel in pbx.channels(WAITER):
        if channel.endswith(half):
            pbx.do("Hangup", Channel=channel)


async def test_a_call_is_offered_connected_and_over_and_wrap_up_follows(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(TALKS_SHORTLY)
            pbx.call_in()
            await ccd.until_states(TALKS_SHORTLY, ["available", "ringing", "on_call", "wrap_up", "available"])
            [offered], [connected], [ended] = ccd.told(CallOffered), ccd.told(CallConnected), ccd.told(CallEnded)
            [complete] = ccd.said("AgentComplete")  # which Asterisk now and then says without naming the call
            assert offered.call == connected.call == complete.get("Uniqueid", connected.call)
            assert ended.call == complete.get("Uniqueid")
            assert 1_900_000 < ended.at - connected.at < 4_000_000
            wrap_up = ccd.segments(TALKS_SHORTLY)[-2]
            assert wrap_up.end == ended.at + 2_000_000
            [joined] = ccd.told(CallerJoined)
            assert (joined.call, joined.queue) == (offered.call, "support")
            await ccd.until_left([False])
            assert not ccd.pbx.translator.rejected


async def test_a_pause_while_it_rings_starts_when_the_call_that_follows_is_over(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS_LATE)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS_LATE) == "ringing")
            pbx.pause(ANSWERS_LATE, "ticket")
            await ccd.until_states(ANSWERS_LATE, ["available", "ringing", "on_call"])
            hang_up_callers(pbx)
            await ccd.until_states(ANSWERS_LATE, ["available", "ringing", "on_call", "paused:ticket"])


async def test_a_pause_during_a_call_starts_when_the_call_ends(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            pbx.pause(ANSWERS, "meal")
            hang_up_callers(pbx)
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "paused:meal"])
            [ended] = ccd.told(CallEnded)
            assert ccd.segments(ANSWERS)[-1].start == ended.at


async def test_who_is_removed_during_a_call_is_signed_out_when_the_call_ends(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            pbx.sign_out(ANSWERS)
            hang_up_callers(pbx)
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "signed_out"])
            [ended] = ccd.told(CallEnded)
            assert ccd.segments(ANSWERS)[-1].start == ended.at


async def test_who_is_removed_and_added_again_during_a_call_stays_on_it(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=1.0) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            pbx.sign_out(ANSWERS)
            pbx.sign_in(ANSWERS)
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen + 1)
            assert ccd.now(ANSWERS) == "on_call"
            hang_up_callers(pbx)
            await ccd.until(lambda: ccd.now(ANSWERS) in ("wrap_up", "available"))
            assert ccd.states(ANSWERS)[:3] == ["available", "ringing", "on_call"]


async def test_a_call_that_rings_out_is_missed(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(RINGS_ON)
            pbx.call_in(wait_s=4)
            await ccd.until(lambda: ccd.told(OfferEnded))
            missed = ccd.told(OfferEnded)[0]
            assert missed.missed
            assert missed.call == ccd.told(CallOffered)[0].call
            assert 2_500_000 < missed.at - ccd.told(CallOffered)[0].at < 4_500_000
            await ccd.until(lambda: [left.abandoned for left in ccd.told(CallerLeft)][:1] == [True])
            await ccd.until(lambda: ccd.now(RINGS_ON) == "available")
            assert "on_call" not in ccd.states(RINGS_ON)


async def test_a_caller_who_hangs_up_while_it_rings_ends_the_offer(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(RINGS_ON)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(RINGS_ON) == "ringing")
            hang_up_callers(pbx)
            await ccd.until_states(RINGS_ON, ["available", "ringing", "available"])
            await ccd.until(lambda: True in [left.abandoned for left in ccd.told(CallerLeft)])


async def test_a_caller_nobody_takes_waits_and_gives_up_at_the_queues_time_out(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.call_in("sales", wait_s=2)
            await ccd.until(lambda: True in [left.abandoned for left in ccd.told(CallerLeft)])
            joined, left = ccd.told(CallerJoined)[0], ccd.told(CallerLeft)[0]
            assert left.call == joined.call
            assert left.at - joined.at > 1_500_000


async def test_a_caller_who_waits_already_is_in_the_first_snapshot(asterisk):
    with asterisk.drive() as pbx:
        pbx.call_in("sales")
        assert pbx.heard_within("QueueCallerJoin", 5.0)
        async with Following(asterisk.port) as ccd:
            first = (await ccd.until(lambda: ccd.snapshots))[0]
            [waiting] = first.waiting
            assert waiting.queue == "sales"
            assert first.at - 3_000_000 < waiting.since <= first.at


async def test_a_members_own_wrap_up_is_told_and_goes_before_the_queues(asterisk):
    seat = "Local/3900@agents/n"
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {seat},0,Wendy,,no,1")
    with asterisk.drive() as pbx:
        pbx.command("module reload app_queue.so")
        async with Following(asterisk.port) as ccd:
            first = (await ccd.until(lambda: ccd.snapshots))[0]
            assert [member.wrap_up_s for member in first.members] == [1]
            pbx.call_in("static")
            await ccd.until_states(seat, ["available", "ringing", "on_call", "wrap_up", "available"])
            wrap_up = ccd.segments(seat)[-2]
            assert wrap_up.end == wrap_up.start + 1_000_000


async def test_a_call_that_is_on_when_we_come_is_on_until_it_ends(asterisk):
    with asterisk.drive() as pbx:
        pbx.sign_in(ANSWERS)
        pbx.call_in()
        assert pbx.heard_within("AgentConnect", 5.0)
        async with Following(asterisk.port) as ccd:
            await ccd.until_states(ANSWERS, ["on_call"])
            hang_up_callers(pbx)
            await ccd.until(lambda: ccd.now(ANSWERS) in ("wrap_up", "available"))


async def test_of_two_who_ring_one_takes_the_call_and_the_other_is_free_again(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS_LATE)
            pbx.sign_in(RINGS_ON)
            pbx.call_in()
            await ccd.until_states(ANSWERS_LATE, ["available", "ringing", "on_call"])
            await ccd.until_states(RINGS_ON, ["available", "ringing", "available"])


async def test_a_blind_transfer_ends_the_agents_call(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            [agent] = [channel for channel in pbx.channels("Local/1001@agents") if channel.endswith(";1")]
            pbx.until_they_speak()
            pbx.do("BlindTransfer", Channel=agent, Context="callers", Exten="600")
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "wrap_up"])
            assert ccd.told(CallEnded)[0].call == ccd.told(CallConnected)[0].call


async def test_an_attended_transfer_ends_the_agents_call_and_the_log_tells_it_too(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS, "Ann")
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            near, far = sorted(pbx.channels("Local/1001@agents"))
            pbx.until_they_speak()
            pbx.do("Atxfer", Channel=near, Context="callers", Exten="600")
            await ccd.until(lambda: pbx.channels("Local/600@callers"))
            [other] = [channel for channel in pbx.channels("Local/600@callers") if channel.endswith(";1")]
            pbx.until_they_speak(other)  # before that it is a blind transfer, or a hang-up
            pbx.do("Hangup", Channel=far)
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "wrap_up"])
            [complete], [told] = ccd.said("AgentComplete"), ccd.told(CallEnded)
            # Asterisk 16 now and then takes it for a hang-up, whichever of the two ends it hears of first.
            verb = {"transfer": "ATTENDEDTRANSFER", "agent": "COMPLETEAGENT"}[complete["Reason"]]
            assert [line.split("|")[4] for line in asterisk.queue_log.read_text().splitlines()][-1] == verb
            logged = QueueLog([("Ann", ANSWERS)]).read([asterisk.queue_log])
            [written] = of_a_kind(list(logged), CallEnded)
            assert (written.seat, written.call) == (ANSWERS, ccd.told(CallConnected)[0].call)
            assert seconds_later(written, told) in LOGGED_LATER_S[CallEnded]


async def test_a_call_that_asterisk_itself_hangs_up_ends_whether_or_not_its_complete_names_it(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            hang_up_callers(pbx, half=";1")
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "wrap_up", "available"])
            [connected], [ended], [complete] = ccd.told(CallConnected), ccd.told(CallEnded), ccd.said("AgentComplete")
            assert connected.call == complete.get("Uniqueid", connected.call)
            assert ended.call == complete.get("Uniqueid")


async def test_a_call_ends_though_its_complete_names_another_caller_than_its_connect(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS)
            dials = {"Context": "callers", "Exten": "700", "Priority": 1, "Variable": "__WAIT_S=20"}
            pbx.do("Originate", Channel="Local/6900@agents/n", Async="true", **dials)  # who speaks, or no channel goes
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            await ccd.until(lambda: not pbx.channels("Local/support@queues"))  # it was taken out of the call
            pbx.do("Hangup", Channel=sorted(pbx.channels("Local/6900@agents"))[1])
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "wrap_up", "available"])
            assert ccd.told(CallEnded)[0].call != ccd.told(CallConnected)[0].call


async def test_a_caller_whom_someone_redirects_over_ami_is_gone_without_a_complete_and_two_answers_free_the_seat(
    asterisk,
):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=1.0) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            pbx.pause(ANSWERS, "meal")
            pbx.until_they_speak()
            [caller] = [channel for channel in pbx.channels(WAITER) if channel.endswith(";1")]
            pbx.do("Redirect", Channel=caller, Context="callers", Exten="600", Priority=1)
            await ccd.until_states(ANSWERS, ["available", "ringing", "on_call", "unobserved", "paused:meal"])
            assert ccd.told(CallEnded) == []
            first, second = ccd.snapshots[-2:]
            for answer in (first, second):
                [member] = answer.members
                assert (member.seat, member.in_call, member.device) == (ANSWERS, False, Device.FREE)
            *_, unobserved, paused = ccd.segments(ANSWERS)
            assert unobserved.start < first.at < second.at == unobserved.end == paused.start


async def test_a_live_call_outlives_any_number_of_answers(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=1.0) as ccd:
            seats = [ANSWERS, OPTIMISED_AWAY]
            for seat, queue in zip(seats, ("support", "sales"), strict=True):
                pbx.sign_in(seat, queue=queue)
                pbx.call_in(queue)
            await ccd.until(lambda: [ccd.now(seat) for seat in seats] == ["on_call"] * 2)
            seen = len(ccd.snapshots)
            await ccd.until(lambda: len(ccd.snapshots) > seen + 3)
            assert [ccd.now(seat) for seat in seats] == ["on_call"] * 2
            said = {member.seat: (member.in_call, member.device) for member in ccd.snapshots[-1].members}
            assert said == {seats[0]: (True, Device.MIRRORED), seats[1]: (None, Device.FREE)}


async def test_queue_log_tells_the_same_story_in_whole_seconds(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(TALKS_SHORTLY, "Ann 安")
            pbx.sign_in(RINGS_ON, "Bo")
            pbx.call_in()
            await ccd.until(lambda: ccd.told(CallEnded))
            pbx.sign_out(TALKS_SHORTLY)
            pbx.call_in(wait_s=4)
            await ccd.until(lambda: any(offer.missed for offer in ccd.told(OfferEnded)))
            pbx.pause(RINGS_ON, "打水")
            await ccd.until(lambda: ccd.told(MemberPaused))
            log = QueueLog([("Ann 安", TALKS_SHORTLY), ("Bo", RINGS_ON)])
            logged = list(log.read([asterisk.queue_log]))
            for kind, later_s in LOGGED_LATER_S.items():
                pairs = list(zip(of_a_kind(ccd.events, kind), of_a_kind(logged, kind), strict=True))
                assert pairs
                for told, written in pairs:
                    assert (told.seat, told.queue, told.name) == (written.seat, written.queue, written.name)
                    assert seconds_later(written, told) in later_s
            missed = [event.seat for event in of_a_kind(logged, OfferEnded) if event.missed]
            assert missed == [RINGS_ON] * len(missed) != []
            assert log.unreadable == 0


async def test_the_same_bytes_replayed_tell_the_same_floor(asterisk, tmp_path):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, snapshot_interval_s=2.0) as ccd:
            pbx.sign_in(TALKS_SHORTLY, "Ann 安")
            pbx.sign_in(ANSWERS_LATE, "Bo")
            pbx.call_in()
            await ccd.until(lambda: "on_call" in ccd.states(TALKS_SHORTLY))
            pbx.pause(ANSWERS_LATE, "toilet")
            pbx.unpause(ANSWERS_LATE)
            await ccd.until(lambda: ccd.states(TALKS_SHORTLY)[-2:] == ["wrap_up", "available"])
            pbx.sign_out(TALKS_SHORTLY)
            await ccd.until(lambda: ccd.now(TALKS_SHORTLY) == "signed_out" and len(ccd.snapshots) > 1)
            replayed = followed_by(ccd.replayed(tmp_path))
            for seat in (TALKS_SHORTLY, ANSWERS_LATE):
                assert without_refs(replayed[seat]) == without_refs(ccd.segments(seat))


def seconds_later(written: Any, told: Any) -> int:
    return int(written.at // 1_000_000 - told.at // 1_000_000)


def of_a_kind(events: list[PbxEvent], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def without_refs(segments: list[Segment]) -> list[tuple[object, ...]]:
    return [(s.start, s.end, s.view, s.offered, s.answered, s.missed) for s in segments]
