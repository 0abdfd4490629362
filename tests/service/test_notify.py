"""What ccd tells systemd, heard on a socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccd.notify import Notifier


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(5)
        yield ear


def notifier(ear: socket.socket, **more: str) -> Notifier:
    return Notifier.from_environment({"NOTIFY_SOCKET": ear.getsockname(), **more})


def test_each_word_is_heard_by_systemd(heard):
    told = notifier(heard)
    told.ready("60 agents")
    told.alive()
    told.status("catching up")
    told.reloading()
    told.stopping()
    words = [heard.recv(1024).decode() for _ in range(5)]
    assert words[:3] == ["READY=1\nSTATUS=60 agents", "WATCHDOG=1", "STATUS=catching up"]
    assert words[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert words[4] == "STOPPING=1"


def test_the_watchdog_is_fed_twice_in_the_time_that_systemd_allows(heard):
    assert notifier(heard, WATCHDOG_USEC="30000000").watchdog_interval_s == 15
    assert notifier(heard, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid())).watchdog_interval_s == 15
    assert notifier(heard, WATCHDOG_USEC="30000000", WATCHDOG_PID="1").watchdog_interval_s == 0
    assert notifier(heard).watchdog_interval_s == 0


def test_an_abstract_socket_is_understood():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("")  # the kernel chooses an abstract name
        ear.settimeout(5)
        Notifier.from_environment({"NOTIFY_SOCKET": f"@{ear.getsockname()[1:].decode()}"}).stopping()
        assert ear.recv(1024) == b"STOPPING=1"


def test_without_systemd_and_with_one_that_is_gone_the_service_goes_on(tmp_path):
    Notifier.from_environment({}).ready("nobody hears it")
    gone = Notifier.from_environment({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    gone.alive()
    assert gone.watchdog_interval_s == 0
