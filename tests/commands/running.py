"""Running `ccd` as a person does: a process of its own, with what it prints and how it ends."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
PROGRAM = "from ccd.commands.app import main; main()"


def ccd(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(HERE), "COLUMNS": "120"} | environment,
    )
