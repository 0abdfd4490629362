"""What the ledger refuses of what the daemon does by itself."""

import pytest
from structlog.testing import capture_logs

from ccd.daemon.refusals import Refusals
from ccd.errors import LedgerError, OvertimeError


def refused(refusals: Refusals, day: str) -> None:
    with refusals.said_once("days off can't be closed", day=day):
        raise LedgerError(f"the month of {day} is closed")


def test_a_refusal_is_said_once_of_each_and_again_after_it_went_well() -> None:
    refusals = Refusals()
    with capture_logs() as said:
        refused(refusals, "2026-11-02")
        refused(refusals, "2026-11-02")
        refused(refusals, "2026-11-03")
        with refusals.said_once("days off can't be closed", day="2026-11-02"):
            pass
        refused(refusals, "2026-11-02")
    assert [(line["event"], line["day"]) for line in said] == [
        ("days off can't be closed", "2026-11-02"),
        ("days off can't be closed", "2026-11-03"),
        ("days off can't be closed", "2026-11-02"),
    ]
    assert said[0]["error"] == "the month of 2026-11-02 is closed"


def test_what_is_no_refusal_of_the_ledger_is_raised() -> None:
    with pytest.raises(OvertimeError), Refusals().said_once("overtime can't be posted", emergency="storm"):
        raise OvertimeError("storm", "is the name of another emergency; choose another")
