"""Pausing, unpausing and taking out, as two real Asterisks do it, refuse it, and leave it unanswered."""

from ccd.org.orders import Answered, OrderOutcome, outcome_of
from ccd.pbx.control import Control
from tests.pbx_real.asterisk import Asterisk
from tests.pbx_real.following import NOTICES_SILENCE, Following
from tests.pbx_real.test_pool_agents import DIALPLAN, LOGGED_IN_S_MAX

SEAT, STATIC = "Local/1001@agents/n", "Local/1900@agents/n"
POOL = "Local/1009@pool/n"
BOTH = ("sales", "support")
DONE, NOT_THERE, UNKNOWN, NOT_ASKED = Answered.DONE, Answered.NOT_THERE, Answered.UNKNOWN, Answered.NOT_ASKED


def control_of(ccd: Following) -> Control:
    return Control("test", ccd.pbx, ccd.pbx.translator.pool_agents)


async def until_now(ccd: Following, seat: str, state: str) -> None:
    await ccd.until(lambda: ccd.now(seat) == state)


async def test_an_agent_is_paused_unpaused_and_signed_out_of_all_queues_and_each_answers(asterisk: Asterisk) -> None:
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {STATIC}")
    with asterisk.drive() as pbx:
        pbx.command("module reload app_queue.so")
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(SEAT)
            pbx.sign_in(SEAT, queue="sales")
            await ccd.until_states(SEAT, ["available"])
            control = control_of(ccd)
            for pausing in (True, True, False, False):
                answers = await (control.pause(SEAT, BOTH, "supervisor") if pausing else control.unpause(SEAT, BOTH))
                assert [(each.queue, each.answered) for each in answers] == [("sales", DONE), ("support", DONE)]
                await until_now(ccd, SEAT, "paused:supervisor" if pausing else "available")
            pbx.sign_out(SEAT, queue="sales")  # by herself, in the same moment
            answers = await control.sign_out(SEAT, BOTH)
            assert [each.answered for each in answers] == [NOT_THERE, DONE]
            assert outcome_of(answers) is OrderOutcome.DONE
            await ccd.until(lambda: ccd.now(SEAT) == "signed_out")
            gone = [*await control.sign_out(SEAT, BOTH), *await control.pause(SEAT, BOTH, ""),
                    *await control.unpause(SEAT, ["no such queue"])]  # fmt: skip
            assert {each.answered for each in gone} == {NOT_THERE}, gone
            [refused] = await control.sign_out(STATIC, ["static"])
            assert refused.answered is Answered.STATIC, refused
            assert [each.answered for each in await control.pause(STATIC, ["static"], "supervisor")] == [DONE]
            await ccd.until(lambda: ccd.now(STATIC) == "paused:supervisor")


async def test_what_the_account_may_not_is_denied_and_nothing_happens(asterisk: Asterisk) -> None:
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT)
        async with Following(asterisk.port, username="queues") as ccd:
            control = control_of(ccd)
            answers = await control.pause(SEAT, ["support"], "supervisor")
            answers += await control.unpause(SEAT, ["support"])
            answers += await control.sign_out(SEAT, ["support"])
            answers += await control.sign_out("Agent/1009", [])
            assert {each.answered for each in answers} == {Answered.DENIED}, answers
            assert ccd.states(SEAT) == ["available"]


async def test_a_pool_agent_who_is_a_static_member_is_logged_off_when_the_call_is_over(asterisk: Asterisk) -> None:
    asterisk.rewrite("extensions.conf", r"\[phones\]", DIALPLAN)
    asterisk.rewrite("queues.conf", r"\[support\]", f"[support]\nmember => {POOL},0,Nina,Agent:1009")
    with asterisk.drive() as pbx:
        pbx.command("dialplan reload")
        pbx.command("module reload app_queue.so")
        async with Following(asterisk.port) as ccd:
            login = {"Channel": "Local/1009@agentlogin/n", "Context": "callers", "Exten": "waiter", "Priority": 1}
            pbx.do("Originate", Async="true", **login)
            await ccd.until(lambda: ccd.now(POOL) == "available", LOGGED_IN_S_MAX)
            [answer] = await control_of(ccd).sign_out(POOL, ["support"])
            assert (answer.queue, answer.answered) == ("", DONE), answer
            await ccd.until(lambda: ccd.now(POOL) == "signed_out")
            [gone] = await control_of(ccd).sign_out("Agent/9999", [])
            assert gone.answered is NOT_THERE, gone


async def test_a_switch_that_falls_silent_leaves_it_unknown_and_is_asked_nothing_more(asterisk22: Asterisk) -> None:
    with asterisk22.drive() as pbx:
        pbx.sign_in(SEAT)
        pbx.sign_in(SEAT, queue="sales")
        async with Following(asterisk22.port, **NOTICES_SILENCE) as ccd:
            asterisk22.freeze()
            answers = await control_of(ccd).sign_out(SEAT, BOTH)
            assert [each.answered for each in answers] == [UNKNOWN, NOT_ASKED]
            assert outcome_of(answers) is OrderOutcome.UNKNOWN
            await ccd.until(lambda: ccd.pbx.state == "lost")
            assert [each.answered for each in await control_of(ccd).pause(SEAT, BOTH, "")] == [NOT_ASKED, NOT_ASKED]
            asterisk22.thaw()
            await ccd.until(lambda: ccd.pbx.state == "live" and len(ccd.snapshots) > 1)
            [again] = await control_of(ccd).sign_out(SEAT, ["support"])
            assert again.answered is DONE, "what was not answered was not sent again"
