"""What holds for every test: long files come first; with CCD_REQUIRE_SERVERS=1 a skipped test is a failed one."""

import gc
import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.memory import scratch

os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", scratch())  # where tmp_path is

settings.register_profile("patient", deadline=None)  # on a busy machine an example may take any time
settings.load_profile("patient")

ENVIRONMENT_VARIABLE = "CCD_REQUIRE_SERVERS"


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """In files as they were, but those first that have a test which asks for more time than others, then those of many.

    Files are given to processes side by side in this order, and whichever comes last has one process alone.
    """
    asked_s: dict[Path, float] = {}
    for item in items:
        marker = item.get_closest_marker("timeout")
        asked_s[item.path] = max(asked_s.get(item.path, 0), marker.args[0] if marker and marker.args else 0)
    tests = Counter(item.path for item in items)
    return sorted(items, key=lambda item: (-asked_s[item.path], -tests[item.path], str(item.path)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests that stay to the end are not looked through for garbage by each of them
    gc.set_threshold(20_000, 20, 50)  # of Python's own, a tenth of the time of web tests went into the search


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
