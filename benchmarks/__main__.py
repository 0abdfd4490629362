"""All benchmarks, or those that are named, one after another, each in a process of its own: `make bench`.

    python -m benchmarks [NAME…] [--into FOLDER]

Writes benchmarks.json and benchmarks.md (benchmarks.report). Exit code 1 where a benchmark did not come to an end; a
figure below the asked is told, and is no failure of the run.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.asked import BENCHMARKS

ROOT = Path(__file__).parent.parent
WITHIN_S = 3_600.0


def run(benchmark: str) -> tuple[list[dict[str, Any]], bool]:
    """What it said, and whether it came to its end. What it says on the way goes through to stderr."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=WITHIN_S)
    except subprocess.TimeoutExpired as error:
        said = error.stdout or ""
        return list(report.objects_in(said if isinstance(said, str) else said.decode())), False
    return list(report.objects_in(done.stdout)), done.returncode == 0


def run_all(benchmarks: Sequence[str], folder: Path) -> list[str]:
    """Runs them, and keeps the report up to date after each; gives those that did not come to an end."""
    failed = []
    for number, benchmark in enumerate(benchmarks, 1):
        print(f"[{number}/{len(benchmarks)}] {benchmark} …", flush=True)
        on, began = report.machine(), time.monotonic()
        said, ended = run(benchmark)
        rows = report.rows_of(benchmark, f"python -m benchmarks.{benchmark}", said, on)
        known, reports = report.read(folder)
        report.write(folder, report.merged(known, rows), reports | {benchmark: said})
        for row in rows:
            asked = f"asked {row.bound} {row.asked:g} {row.unit}".rstrip()
            word = ("own: " if row.own else "") + {True: "met", False: "BELOW", None: "not measured"}[row.met]
            print(f"    {word}: {row.what}: {report.in_words(row)}, {asked}", flush=True)
        print(f"    {'done' if ended else 'FAILED'} after {time.monotonic() - began:.0f} s", flush=True)
        if not ended:
            failed.append(benchmark)
    return failed


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description="All benchmarks, or those named.")
    arguments.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; none: all")
    arguments.add_argument("--into", type=Path, default=report.DOCS, help="where the report is")
    chosen = arguments.parse_args()
    if unknown := [name for name in chosen.names if name not in BENCHMARKS]:
        arguments.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    chosen.into.mkdir(parents=True, exist_ok=True)  # before the first has run for an hour
    failed = run_all(chosen.names or BENCHMARKS, chosen.into)
    print(f"report: {chosen.into / 'benchmarks.md'}")
    if failed:
        raise SystemExit(f"did not come to an end: {', '.join(failed)}")


if __name__ == "__main__":
    main()
