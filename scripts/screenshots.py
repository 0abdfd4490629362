"""The README's pictures: the demo is started, given time to fill its floor, and photographed into docs/pictures/.

`python scripts/screenshots.py [FOLDER]`
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parents[1]
FOLDER = HERE / "docs" / "pictures"
START_S_MAX = 300
FILLING_S = 45  # at the demo's speed more than an hour of its day: most people are there, some have paused
SAID = {
    "url": re.compile(r"(https?://\S+?)/?\s"),
    "supervisor": re.compile(r"supervisor\s+(\S+) / (\S+)"),
    "agent": re.compile(r"agent\s+(\S+) / (\S+)"),
}


def started(demo: "subprocess.Popen[str]") -> dict[str, re.Match[str]]:
    """What the demo says of itself, once it has said all of it."""
    assert demo.stdout is not None
    said: dict[str, re.Match[str]] = {}
    until = time.monotonic() + START_S_MAX
    for line in demo.stdout:
        said |= {name: found for name, pattern in SAID.items() if name not in said and (found := pattern.search(line))}
        if len(said) == len(SAID):
            return said
        if time.monotonic() > until:
            break
    sys.exit("screenshots: the demo did not say its address and logins; try: make demo")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    program = Path(sys.executable).with_name("ccd")
    # No colours and wide lines, so that what it says can be read.
    environment = os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([program, "demo", "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment) as demo:
        try:
            said = started(demo)
            time.sleep(FILLING_S)
            lead, agent = said["supervisor"], said["agent"]
            options = ["--user", lead[1], "--password", lead[2], "--agent", agent[1], "--agent-password", agent[2]]
            command = [sys.executable, "-m", "tests.browser.screenshots", said["url"][1], folder, *options]
            subprocess.run(command, cwd=HERE, check=True)
        finally:
            demo.send_signal(signal.SIGINT)
    print(f"screenshots: in {folder}")


if __name__ == "__main__":
    main()
