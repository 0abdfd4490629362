"""Calls and offers of which two real Asterisks never say the end (docs/adr/0008), and what only looks like it."""

import asyncio
from typing import Any

import pytest

from ccd.floor.events import CallConnected, CallEnded, CallerLeft, Device, MemberPaused, OfferEnded, Snapshot
from ccd.floor.floor import Floor
from tests.pbx_real.driver import Driver
from tests.pbx_real.following import RULES, Following

ANSWERS = "Local/1001@agents/n"
RINGS_ON = "Local/2001@agents/n"
TALKS_SHORTLY = "Local/3001@agents/n"
WAITER = "Local/waiter@callers"
FREES = {"available", "wrap_up"}
OFTEN: dict[str, Any] = {"snapshot_interval_s": 0.4, "snapshot_settle_s": 0.2}


def near(pbx: Driver, of: str) -> str:
    """The channel that Asterisk itself holds of a Local pair."""
    return sorted(pbx.channels(of))[0]


def call_straight_in(pbx: Driver) -> None:
    """A caller whom some program puts into the queue, without a dialplan."""
    pbx.do("Originate", Channel="Local/waiter@callers/n", Application="Queue", Data="support,tT,,,30", Async="true")


async def bridge_away(pbx: Driver, ccd: Following) -> None:
    """Somebody takes the caller into another call."""
    pbx.do("Originate", Channel="Local/600@callers/n", Context="callers", Exten="waiter", Priority=1, Async="true")
    await ccd.until(lambda: pbx.channels("Local/600@callers"))
    other = near(pbx, "Local/600@callers")
    assert pbx.heard_within("Newstate", 5.0, Channel=other, ChannelStateDesc="Up")
    pbx.do("Bridge", Channel1=near(pbx, WAITER), Channel2=other)


async def redirect_away(pbx: Driver, ccd: Following) -> None:
    pbx.do("Redirect", Channel=near(pbx, WAITER), Context="callers", Exten="600", Priority=1)


def denies(answer: Snapshot) -> bool:
    """Says of the one member, who did not speak meanwhile, that there is no call."""
    free = [(member.in_call, member.device) for member in answer.members] == [(False, Device.FREE)]
    return free and not answer.spoke


def waiting(ccd: Following) -> list[str]:
    """The callers that boards show."""
    floor = Floor(RULES)
    for event in ccd.events:
        floor.apply(event)
    return [call for callers in floor.state.waiting.values() for call in callers]


@pytest.mark.parametrize(
    ("come", "go"),
    [(Driver.call_in, bridge_away), (call_straight_in, redirect_away)],
    ids=["by the dialplan and bridged", "straight into Queue() and redirected"],
)
async def test_of_a_caller_who_is_taken_away_while_it_rings_nothing_is_said_and_two_answers_end_the_offer(
    asterisk: Any, come: Any, go: Any
) -> None:
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, **OFTEN) as ccd:
            pbx.sign_in(RINGS_ON, "Ann")
            come(pbx)
            await ccd.until(lambda: ccd.now(RINGS_ON) == "ringing")
            pbx.pause(RINGS_ON, "meal")
            await go(pbx, ccd)
            await ccd.until_states(RINGS_ON, ["available", "ringing", "unobserved", "paused:meal"])
            assert (ccd.told(OfferEnded), ccd.told(CallerLeft)) == ([], [])
            *_, unobserved, paused = ccd.segments(RINGS_ON)
            first, second = ccd.snapshots[-2:]
            assert unobserved.start < first.at < second.at == unobserved.end == paused.start
            await ccd.until(lambda: waiting(ccd) == [])


async def test_a_caller_of_the_dialplan_who_is_redirected_while_it_rings_is_said_to_have_left(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(RINGS_ON)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(RINGS_ON) == "ringing")
            await redirect_away(pbx, ccd)
            await ccd.until_states(RINGS_ON, ["available", "ringing", "available"])
            await ccd.until_left([True, False])


async def test_a_telephone_that_is_hung_up_while_it_rings_has_missed_the_call(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(RINGS_ON)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(RINGS_ON) == "ringing")
            pbx.do("Hangup", Channel=near(pbx, "Local/2001@agents"))
            await ccd.until_states(RINGS_ON, ["available", "ringing", "available"])
            assert [ended.missed for ended in ccd.told(OfferEnded)] == [True]


async def test_a_ringing_channel_that_is_redirected_rings_for_us_until_its_caller_leaves(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, **OFTEN) as ccd:
            pbx.sign_in(RINGS_ON)
            pbx.call_in(wait_s=3)
            await ccd.until(lambda: ccd.now(RINGS_ON) == "ringing")
            pbx.do("Redirect", Channel=near(pbx, "Local/2001@agents"), Context="callers", Exten="600", Priority=1)
            await ccd.until_states(RINGS_ON, ["available", "ringing", "available"])
            assert ccd.told(OfferEnded) == []
            await ccd.until_left([True, False])


async def test_a_lost_call_on_a_busy_seat_ends_with_the_second_answer_that_finds_it_free(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port, **OFTEN) as ccd:
            pbx.sign_in(ANSWERS)
            pbx.call_in()
            await ccd.until(lambda: ccd.now(ANSWERS) == "on_call")
            await bridge_away(pbx, ccd)
            while ccd.now(ANSWERS) == "on_call":
                pbx.pause(ANSWERS, "toilet")  # never quiet for long, and never a word of the call
                pbx.unpause(ANSWERS)
                await asyncio.sleep(0.3)
            assert ccd.states(ANSWERS)[:5] == ["available", "ringing", "on_call", "unobserved", "available"]
            [connected] = ccd.told(CallConnected)
            first, second = [answer for answer in ccd.snapshots if answer.at > connected.at and denies(answer)][:2]
            [unobserved] = [each for each in ccd.segments(ANSWERS) if each.view.state.name == "UNOBSERVED"]
            assert first.at < second.at == unobserved.end
            assert unobserved.start == max(each.at for each in ccd.told(MemberPaused) if each.at < second.at)
            assert ccd.told(CallEnded) == []


async def test_a_reset_of_the_queue_or_of_its_figures_ends_no_call_whether_we_saw_it_begin_or_not(asterisk):
    with asterisk.drive() as pbx:
        pbx.sign_in(ANSWERS)
        pbx.call_in()
        assert pbx.heard_within("AgentConnect", 5.0)
        async with Following(asterisk.port, **OFTEN) as late:
            assert late.now(ANSWERS) == "on_call"
            pbx.command("queue reset stats support")
            pbx.do("QueueReset", Queue="support")
            seen = len(late.snapshots)
            await late.until(lambda: len(late.snapshots) > seen + 2)
            [member] = late.snapshots[-1].members
            assert (member.in_call, member.device) == (False, Device.MIRRORED)  # it knows of none, and is in use
            assert late.states(ANSWERS) == ["on_call"]
            pbx.do("Hangup", Channel=sorted(pbx.channels(WAITER))[1])
            await late.until(lambda: late.now(ANSWERS) in FREES)
            assert late.states(ANSWERS)[:2] == ["on_call", "wrap_up"]


async def test_what_is_changed_of_a_queue_or_a_member_and_concerns_no_time_changes_nothing(asterisk):
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(ANSWERS)
            await ccd.until_states(ANSWERS, ["available"])
            pbx.do("QueuePenalty", Interface=ANSWERS, Penalty=3, Queue="support")
            pbx.act("QueueMemberRingInUse", Interface=ANSWERS, RingInUse="yes", Queue="support")
            pbx.command(f"queue set ringinuse no on {ANSWERS} in support")
            pbx.command("queue reset stats")
            pbx.do("QueueReset")
            pbx.do("QueueRule")
            pbx.pause(ANSWERS, "meal")
            await ccd.until_states(ANSWERS, ["available", "paused:meal"])
            assert len(ccd.segments(ANSWERS)) == 2
            assert not ccd.pbx.translator.rejected
