"""The arithmetic of a settlement, in words: the worked examples of docs/time-bank.md."""

import json
from typing import Any

import pytest

from ccd.bank.accounts import House, agent_owner
from ccd.bank.difference import UNPOSTED, Posted, legs_after_close, legs_of
from ccd.bank.facts import facts_text, shared_text, with_told, with_written_off
from ccd.bank.worth import worth_of
from ccd.reports.explained_words import settled_words, time_told
from tests.bank.days import DAY, measured
from tests.bank.policies import policy

HOUSE = House.of("centre")
AGENT = agent_owner("1001")
POLICY = policy(DAY)


def facts(posted: Posted = UNPOSTED, available: dict[str, int] | None = None, closed: bool = False, **day: Any) -> Any:
    one = measured(**day)
    worth, own = worth_of(one, POLICY), available or {}
    shared = with_told(shared_text("team-1", POLICY, one.scheduled), one)
    if closed:
        legs, off = legs_after_close(worth, posted, own, POLICY.overdraft_takes, AGENT, HOUSE, True)
        shared = with_written_off(shared, off)
    else:
        legs = legs_of(worth, posted, own, POLICY.overdraft_takes, AGENT, HOUSE)
    return json.loads(facts_text(one, worth, POLICY.rate_ppm, shared, posted.net_s, legs, AGENT))


def words(**of: Any) -> str:
    return "\n".join(settled_words(facts(**of)))


def test_what_is_saved_is_the_rest_of_the_allowance():
    assert words(base_s=28_800, aux_s=600) == (
        "Signed in for 8 h (28800 s): a base of 8 h (28800 s).\n"
        "Of the base 3.7 % may be aux time: an allowance of 17 min 45 s (1065 s).\n"
        "Aux time was 10 min (600 s).\n"
        "What is left of the allowance is saved: 1065 − 600 = 7 min 45 s (465 s)."
    )


def test_what_goes_beyond_is_taken_and_what_the_balance_does_not_cover_is_personal_leave():
    said = words(base_s=28_800, aux_s=2_000, available={"savings": 500})
    assert "Aux time goes beyond that by 2000 − 1065 = 15 min 35 s (935 s): the overdraft." in said
    assert "8 min 20 s (500 s) of it were taken from the balance." in said
    assert "The balance did not cover 7 min 15 s (435 s), which became personal leave of that day." in said


def test_what_nobody_saw_protects():
    said = words(base_s=25_200, unobserved=3_600_000_000, aux_s=1_000)
    assert "With 1 h (3600 s) in which nobody saw the telephone nothing is charged for up to 17 min 45 s" in said
    assert said.endswith("So nothing is saved, and nothing charged.")


def test_exempt_and_unreachable_time_and_what_is_more_than_a_day_counts_are_no_base():
    said = words(base_s=72_000, exempt=1_800_000_000, unreachable=300_500_000, aux_s=1_000)
    assert "30 min (1800 s) of it exempt; 5 min (300.5 s) of it with an unreachable telephone" in said
    assert "of which 12 h (43200 s) are the base, since more is not counted in a day." in said


def test_of_a_day_on_which_nothing_happened_but_a_ruling_that_is_said():
    quiet = dict.fromkeys(("answered", "pauses", "sign_ins", "sign_outs"), 0)
    assert "are the base, since nothing happened on it." in words(**quiet)
    said = words(**quiet, ruled=3_600_000_000)
    assert "of which 1 h (3600 s) are the base, since nothing happened on it but what was ruled." in said
    as_much = words(base_s=72_000, ruled=43_200_000_000)
    assert "of which 12 h (43200 s) are the base, since more is not counted in a day." in as_much


def test_a_revision_says_what_the_day_was_reckoned_as_and_a_loss_after_the_close_what_is_written_off():
    said = words(base_s=28_800, aux_s=1_165, revision=2, posted=Posted(deposited_s=465),
                 available={"savings": 65}, closed=True)  # fmt: skip
    assert "Until then the day had been reckoned as +7 min 45 s: this is revision 2, and posts the" in said
    assert "The month was closed: 8 min 20 s (500 s) are written off, and nobody owes them." in said
    back = words(base_s=28_800, aux_s=865, revision=3, closed=True,
                 posted=Posted(deposited_s=400, written_off_s=500))  # fmt: skip
    assert "It first makes up for 5 min (300 s) that were written off after the month's close." in back


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min (60 s)"), (-90, "−1 min 30 s (-90 s)")]
)
def test_seconds_are_told_as_people_and_as_the_ledger_say_them(seconds, said):
    assert time_told(seconds) == said
