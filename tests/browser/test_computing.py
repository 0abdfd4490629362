"""What the pages compute is tested where it is written, in agent_web/tests; this runs it with all other tests."""

import subprocess
import sys

from tests.browser.conftest import HERE


def test_what_the_pages_compute_is_right() -> None:
    done = subprocess.run([sys.executable, "hatch_build.py", "test"], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "their tests have passed" in done.stdout
