"""What a settlement keeps of the record, and how a later release reads it."""

from dataclasses import dataclass

from ccd.bank.facts import differing_fields, facts_text, shared_text, with_written_off, written_off_s
from ccd.bank.measured import Measured
from ccd.bank.worth import worth_of
from tests.bank.days import POLICY, measured


@dataclass(frozen=True, slots=True)
class LaterMeasured(Measured):
    """As a later release measures: with a figure that earlier ones had not."""

    scheduled: int = 0

    def content(self) -> dict[str, int | str | None]:
        return {**Measured.content(self), "scheduled": self.scheduled}


def kept(one: Measured, written_off: int = 0) -> str:
    shared = with_written_off(shared_text(one.unit, POLICY), written_off)
    return facts_text(one, worth_of(one, POLICY), POLICY.rate_ppm, shared, 0, (), "agent/1001")


def later(one: Measured, scheduled: int) -> LaterMeasured:
    given = {name: getattr(one, name) for name in Measured.__dataclass_fields__}
    return LaterMeasured(**given, scheduled=scheduled)


def test_the_same_record_differs_in_nothing() -> None:
    assert differing_fields(kept(measured()), measured(revision=2)) == ()
    assert differing_fields(kept(measured()), measured(unit="team-2", answered=7)) == ("answered", "unit")


def test_a_figure_that_an_earlier_release_did_not_keep_had_its_default() -> None:
    one = measured()
    assert differing_fields(kept(one), later(one, scheduled=0)) == ()
    assert differing_fields(kept(one), later(one, scheduled=1)) == ("scheduled",)


def test_what_is_written_off_is_summed_over_the_settlements_that_say_it() -> None:
    settled = [kept(measured()), kept(measured(), 500), kept(measured(), -200)]
    assert written_off_s(settled) == 300
    assert "written_off" not in settled[0]
