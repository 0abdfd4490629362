"""What holds for every test: with CCD_REQUIRE_SERVERS=1 a skipped test is a failed one."""

import os
from collections.abc import Generator

import pytest

from tests.memory import scratch

os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", scratch())  # where tmp_path is

ENVIRONMENT_VARIABLE = "CCD_REQUIRE_SERVERS"


def as_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A skip, told as the failure it is where every server has to be there. An expected failure stays what it is."""
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get(ENVIRONMENT_VARIABLE) != "1":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{ENVIRONMENT_VARIABLE}=1 lets no test be skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    as_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    as_failure(report)
    return report
