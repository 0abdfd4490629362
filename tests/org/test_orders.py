"""What became of an order, in all, and in words that say what to do."""

import pytest

from ccd.org.orders import Answered, Ended, OrderAnswer, OrderKind, OrderOutcome, outcome_of

DONE, GONE, STATIC, DENIED = Answered.DONE, Answered.NOT_THERE, Answered.STATIC, Answered.DENIED
NOT_ASKED, UNKNOWN = Answered.NOT_ASKED, Answered.UNKNOWN


def answers(*answered: Answered) -> tuple[OrderAnswer, ...]:
    return tuple(OrderAnswer("north", "PJSIP/1001", f"q{number}", one, "so") for number, one in enumerate(answered))


@pytest.mark.parametrize(
    ("answered", "outcome"),
    [
        ((), OrderOutcome.NOT_THERE),
        ((DONE, DONE), OrderOutcome.DONE),
        ((DONE, GONE), OrderOutcome.DONE),
        ((GONE, GONE), OrderOutcome.NOT_THERE),
        ((DONE, STATIC), OrderOutcome.PARTLY),
        ((DONE, NOT_ASKED), OrderOutcome.PARTLY),
        ((STATIC,), OrderOutcome.REFUSED),
        ((DENIED, GONE), OrderOutcome.REFUSED),
        ((NOT_ASKED, GONE), OrderOutcome.NOT_ASKED),
        ((NOT_ASKED, DENIED), OrderOutcome.REFUSED),
        ((DONE, UNKNOWN, NOT_ASKED), OrderOutcome.UNKNOWN),
    ],
)
def test_all_of_it_is_what_each_queue_has_answered(answered: tuple[Answered, ...], outcome: OrderOutcome) -> None:
    assert outcome_of(answers(*answered)) is outcome


def test_each_answer_is_told_with_what_to_do() -> None:
    said = str(Ended("a", "1001", OrderKind.SIGN_OUT, OrderOutcome.PARTLY, answers(DONE, STATIC, DENIED)))
    first, done, static, denied = said.split("\n")
    assert first == "1001: sign out: done in part"
    assert done == "  PJSIP/1001 in q0 on north: done (so)"
    assert "QueueAdd and QueueRemove" in static
    assert "`write = agent`" in denied
