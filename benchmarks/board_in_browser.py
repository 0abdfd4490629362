"""A board of 5,000 agents with 1,000 changes a second, in a Chromium that has one core: does it keep 60 frames/s?

`python -m benchmarks.board_in_browser [--seconds 20] [--json FILE]`. Frames are counted by what the browser itself
tells `requestAnimationFrame`; each figure stands beside that of an empty page in the same browser on the same core.
The server that makes the changes has the other cores. The board sorts itself each ten seconds, so the measured time
holds its glides as well.

Besides, in a run of its own, what the page's main thread does at one go (`tasks`), as Chromium's own trace has it: by
the thread's CPU time, because what else runs on the machine stretches the time by the clock. Tracing costs some itself.
Frames hold where `others_share` is small and the empty page has its 60; the tasks hold anywhere.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import launch
from tests.browser.fake_server import PASSWORD
from tests.browser.screenshots import Login, sign_in

FRAME_MS = 1000 / 60
# A frame that took longer than this left a screen refresh without a picture of its own.
LATE_MS = 1.5 * FRAME_MS
SETTLE_MS = 3_000
FRAME_INTERVAL_S = 0.1  # what the live channel sends its frames at

# Counts every frame for so many milliseconds, and optionally scrolls a little before each.
COUNT_FRAMES = """
([run_ms, scroll_px]) => new Promise((done) => {
  const times = [];
  const step = (now) => {
    times.push(now);
    if (scroll_px !== 0) {
      const end = document.documentElement.scrollHeight - innerHeight;
      if (scrollY >= end - 1) scrollTo(0, 0);
      else scrollBy(0, scroll_px);
    }
    if (now - times[0] < run_ms) requestAnimationFrame(step);
    else done(times);
  };
  requestAnimationFrame(step);
})
"""


@dataclass(frozen=True)
class Frames:
    """How evenly the frames came."""

    frames_per_s: float
    late_share: float  # of all frames: those that took longer than one and a half refreshes
    p99_ms: float
    longest_ms: float
    core_share: float  # of its one core, all processes of the browser together
    others_share: float  # of the same core, what runs on this machine besides: figures hold where this is small


def frames_of(times_ms: list[float], cpu_s: float, busy_s: float) -> Frames:
    gaps = [later - earlier for earlier, later in itertools.pairwise(times_ms)]
    run_s = (times_ms[-1] - times_ms[0]) / 1000
    return Frames(
        frames_per_s=round(len(gaps) / run_s, 2),
        late_share=round(sum(gap > LATE_MS for gap in gaps) / len(gaps), 4),
        p99_ms=round(statistics.quantiles(gaps, n=100)[98], 1),
        longest_ms=round(max(gaps), 1),
        core_share=round(cpu_s / run_s, 3),
        others_share=round(max(0.0, busy_s - cpu_s) / run_s, 3),
    )


def cpu_seconds(processes: list[psutil.Process]) -> float:
    spent = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent


def busy_seconds(core: int) -> float:
    times = psutil.cpu_times(percpu=True)[core]
    return float(sum(times) - times.idle - times.iowait)


def count(page: Page, run_s: float, core: int, scroll_px: int = 0) -> Frames:
    page.wait_for_timeout(SETTLE_MS)
    processes = [p for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    before, busy = cpu_seconds(processes), busy_seconds(core)
    times: list[float] = page.evaluate(COUNT_FRAMES, [run_s * 1000, scroll_px])
    return frames_of(times, cpu_seconds(processes) - before, busy_seconds(core) - busy)


@dataclass(frozen=True)
class Tasks:
    """What the page's main thread did without a break, in CPU milliseconds."""

    count: int
    p99_ms: float
    longest_ms: float
    longer_than_a_frame: int


def tasks_of(events: list[dict[str, Any]]) -> Tasks:
    named = [event for event in events if event["name"] == "thread_name"]
    mains = {(one["pid"], one["tid"]) for one in named if one["args"]["name"] == "CrRendererMain"}
    runs = [event for event in events if event["name"] == "RunTask" and (event["pid"], event["tid"]) in mains]
    spent_ms = [run["tdur"] / 1000 for run in runs if "tdur" in run]
    return Tasks(
        count=len(spent_ms),
        p99_ms=round(statistics.quantiles(spent_ms, n=100)[98], 1),
        longest_ms=round(max(spent_ms), 1),
        longer_than_a_frame=sum(spent > FRAME_MS for spent in spent_ms),
    )


def trace(browser: Browser, page: Page, run_s: float) -> Tasks:
    browser.start_tracing(page=page, categories=["devtools.timeline", "disabled-by-default-devtools.timeline"])
    page.wait_for_timeout(run_s * 1000)
    return tasks_of(json.loads(browser.stop_tracing())["traceEvents"])


@contextmanager
def serving(agents: int, changes_per_s: float, cores: set[int]) -> Iterator[str]:
    """A fake server of its own, on the other cores; ends with the block."""
    command = [sys.executable, "-m", "tests.browser.fake_server"]
    command += ["--agents", str(agents), "--changes-per-s", str(changes_per_s)]
    command += ["--frame-interval-s", str(FRAME_INTERVAL_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, cores)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(agents: int = 5_000, changes_per_s: float = 1_000, run_s: float = 20) -> dict[str, object]:
    """Frames of an empty page, of the board at rest, while scrolled, and in rows; JSON-ready."""
    cores = os.sched_getaffinity(0)
    core = max(cores)
    others = cores - {core} or cores
    os.sched_setaffinity(0, {core})  # the browser that is started from here inherits it
    try:
        with serving(agents, changes_per_s, others) as url, sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto("about:blank")
            results = {"empty_page": count(page, run_s / 2, core)}
            sign_in(page, url, Login("lead1", PASSWORD))
            page.mouse.move(400, 10)  # off the tiles: under the pointer they would not be sorted
            results["tiles"] = count(page, run_s, core)
            tasks = trace(browser, page, run_s)
            results["tiles_scrolled"] = count(page, run_s / 2, core, scroll_px=8)
            page.evaluate("scrollTo(0, 0)")
            page.locator(".views button").last.click()
            results["rows"] = count(page, run_s / 2, core)
            browser.close()
    finally:
        os.sched_setaffinity(0, cores)
    empty = results["empty_page"].frames_per_s
    return {
        "agents": agents,
        "changes_per_s": changes_per_s,
        "chromium_cores": 1,
        "load_1m": round(os.getloadavg()[0], 2),
        **{name: asdict(frames) for name, frames in results.items()},
        "tasks": asdict(tasks),
        "ratio_to_empty_page": round(results["tiles"].frames_per_s / empty, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=5_000)
    parser.add_argument("--changes-per-s", type=float, default=1_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(options.agents, options.changes_per_s, options.seconds)
    text = json.dumps(result, indent=2)
    if options.json is not None:
        options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
