#!/usr/bin/env bash
# Renews the lock files: the newest releases that pyproject.toml allows, for every Python and machine, with their hashes,
# and without the name of the registry that they came from. Look at the difference, run the tests, commit.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check uv

compile() {
    "$tools/bin/uv" pip compile --quiet --universal --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
        --custom-compile-command 'make lock' --no-annotate "$@"
}
compile pyproject.toml --group build --output-file requirements.lock
compile pyproject.toml --group dev --constraints requirements.lock --output-file requirements-dev.lock
for lock in requirements.lock requirements-dev.lock; do
    echo "lock: $lock holds $(grep -c == "$lock") packages"
done
