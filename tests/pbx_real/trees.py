"""Where a real Asterisk is: trees of Debian's packages, which `tests/servers.sh` (and so `make test`) makes."""

import os
from pathlib import Path

TREES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ccd"
MODULES = {
    22: "/usr/lib/x86_64-linux-gnu/asterisk/modules",
    16: "/usr/lib/asterisk/modules",
}


def tree(version: int) -> Path:
    """The tree with Asterisk `version` in it. Without one its tests fail: a test that is passed over shows nothing."""
    found = TREES / f"asterisk-{version}"
    if not (found / "usr/sbin/asterisk").exists():
        raise AssertionError(
            f"there is no Asterisk {version} in {found}: run tests/servers.sh as root, as `make test` does"
        )
    return found
