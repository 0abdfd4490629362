"""Whoever stood by takes over with the files as they are by then."""

import asyncio
from pathlib import Path

import pytest

from ccd.daemon.reloading import as_read_now
from ccd.daemon.run import ALL_PARTS, Daemon, Surroundings, daemon
from ccd.daemon.site_file import usable

PBX = '[http]\nport = 0\n[[pbx]]\nname = "{name}"\nhost = "127.0.0.1"\nport = 1\nsecret = "s"\n'
BEFORE = PBX.format(name="a")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "ccd.toml"
    file.write_text(BEFORE)
    return file


def check(config: Path, text: str, taken: bool) -> None:
    before = usable(config)
    config.write_text(text)
    now = as_read_now(before, lambda: usable(config))
    assert (now is not before) == taken


def test_what_was_changed_meanwhile_is_taken(config: Path) -> None:
    check(config, "settle_wait_s_max = 60\n" + BEFORE, taken=True)


def test_files_that_have_faults_by_now_are_not(config: Path) -> None:
    check(config, "settle_wait_s_max = -1\n" + BEFORE, taken=False)


def test_other_pbxs_take_a_restart(config: Path) -> None:
    check(config, PBX.format(name="b"), taken=False)


async def test_the_next_process_begins_with_the_files_as_they_are_when_its_turn_comes(config: Path) -> None:
    waits = asyncio.Event()

    async def second() -> Daemon:
        waits.set()
        outside = Surroundings(read_again=lambda kept: usable(config, kept=kept))
        async with daemon(usable(config), ALL_PARTS, outside) as made:
            return made

    async with asyncio.TaskGroup() as group, daemon(usable(config), ALL_PARTS, Surroundings()):
        waiting = group.create_task(second())
        await waits.wait()
        await asyncio.sleep(0.5)
        await asyncio.to_thread(config.write_text, "[reasons.meal]\npersonal = true\n" + BEFORE)
    assert waiting.result().current.site.settings.reasons["meal"].personal is True
