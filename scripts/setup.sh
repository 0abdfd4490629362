#!/usr/bin/env bash
# Makes .venv with everything ccd needs from the lock files, and .venv/bin/ccd itself. Nothing to do: says so in a blink.
#   scripts/setup.sh        what it takes to run ccd
#   scripts/setup.sh dev    what it takes to check and test it, too
set -euo pipefail
cd "$(dirname "$0")/.."

flavour=${1:-run}
case $flavour in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "setup: '$flavour' is not known; say nothing, or dev." >&2; exit 2 ;;
esac
python=${PYTHON:-python3}

find_python() {
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "setup: ccd needs Python 3.11 or newer as $python; name another with: make PYTHON=/path/to/python3.11" >&2
        exit 1
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "setup: Python's venv is missing; run: sudo apt-get install python3-venv, then make again" >&2
        exit 1
    fi
    echo "setup: installing Debian's python3-venv"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv; } >/dev/null
}

# The stamp holds the hash of what was installed: a changed lock, or a changed way to build, installs anew.
wanted=$(cat "$lock" pyproject.toml hatch_build.py | sha256sum | cut -d' ' -f1)
stamps=.venv/.ccd
if [ -x .venv/bin/ccd ] && [ "$(cat "$stamps/$flavour" 2>/dev/null)" = "$wanted" ]; then
    .venv/bin/python hatch_build.py
    exit 0
fi

find_python
.venv/bin/python -c 'import pip' 2>/dev/null || "$python" -m venv --clear .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
echo "setup: installing what $lock names into .venv"
.venv/bin/python -m pip install --quiet --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
mkdir -p "$stamps"
echo "$wanted" >"$stamps/$flavour"
[ "$flavour" = run ] || cat requirements.lock pyproject.toml hatch_build.py | sha256sum | cut -d' ' -f1 >"$stamps/run"
echo "setup: .venv/bin/ccd is ready"
