"""What a settlement keeps of the record, and how a later release reads it."""

from ccd.bank.facts import differing_fields, facts_text, shared_text, with_told, with_written_off, written_off_s
from ccd.bank.measured import Measured
from ccd.bank.worth import worth_of
from ccd.floor.values import value
from ccd.org.entitlements import Entitlement
from tests.bank.days import POLICY, measured


@value
class LaterMeasured(Measured):
    """As a later release measures: with a figure that earlier ones had not."""

    coached: int = 0

    def content(self) -> dict[str, int | str | None]:
        return {**Measured.content(self), "coached": self.coached}


def kept(one: Measured, written_off: int = 0) -> str:
    shared = with_written_off(shared_text(one.unit, POLICY), written_off)
    return facts_text(one, worth_of(one, POLICY), POLICY.rate_ppm, shared, 0, (), "agent/1001")


def later(one: Measured, coached: int) -> LaterMeasured:
    given = {name: getattr(one, name) for name in Measured.__dataclass_fields__}
    return LaterMeasured(**given, coached=coached)


def test_the_same_record_differs_in_nothing() -> None:
    assert differing_fields(kept(measured()), measured(revision=2)) == ()
    assert differing_fields(kept(measured()), measured(unit="team-2", answered=7)) == ("answered", "unit")


def test_a_figure_that_an_earlier_release_did_not_keep_had_its_default() -> None:
    one = measured()
    assert differing_fields(kept(one), later(one, coached=0)) == ()
    assert differing_fields(kept(one), later(one, coached=1)) == ("coached",)


def test_a_record_that_is_held_against_shifts_says_so() -> None:
    against_shifts = measured(scheduled=True)
    shared = shared_text(against_shifts.unit, POLICY, scheduled=True)
    facts = facts_text(against_shifts, worth_of(against_shifts, POLICY), POLICY.rate_ppm, shared, 0, (), "agent/1001")
    assert differing_fields(facts, against_shifts) == ()
    assert differing_fields(facts, measured()) == differing_fields(kept(measured()), against_shifts) == ("scheduled",)


def test_what_is_written_off_is_summed_over_the_settlements_that_say_it() -> None:
    settled = [kept(measured()), kept(measured(), 500), kept(measured(), -200)]
    assert written_off_s(settled) == 300
    assert "written_off" not in settled[0]


def test_what_was_ruled_what_an_agent_is_entitled_to_and_overtime_stand_in_the_record() -> None:
    one = measured(ruled=7, entitlement=Entitlement(60_000, None), overtime=9)
    facts = facts_text(
        one, worth_of(one, POLICY), POLICY.rate_ppm, with_told(shared_text(one.unit, POLICY), one), 0, (), "agent/1001"
    )
    assert differing_fields(facts, one) == ()
    assert differing_fields(facts, measured()) == ("entitlement", "overtime", "ruled")
    another = measured(ruled=7, entitlement=Entitlement(60_000, 1), overtime=9)
    assert differing_fields(facts, another) == ("entitlement",)
