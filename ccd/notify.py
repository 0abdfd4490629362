"""Telling systemd how the service is: sd_notify(3), in the few words that ccd needs.

Without `NOTIFY_SOCKET` (not under systemd) every word goes nowhere. There are libraries for it; those that are kept up
need libsystemd's headers to install, the others know no reload.
"""

import os
import socket
import time
from collections.abc import Mapping
from typing import Self


class Notifier:
    """One service's line to systemd. A send never blocks and never raises: the service matters more than its news."""

    def __init__(self, address: str = "", watchdog_us: int = 0) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) if address else None
        # Fed twice in the time that systemd allows, a beat may be late by half of it.
        self.watchdog_interval_s = watchdog_us / 2 / 1_000_000 if address else 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog_us = environment.get("WATCHDOG_USEC", "0")
        return cls(environment.get("NOTIFY_SOCKET", ""), int(watchdog_us) if mine and watchdog_us.isdigit() else 0)

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """Feeds the watchdog: to be called each `watchdog_interval_s` (0: there is none) and only while all is well."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError:
            return  # systemd is restarting itself, or its queue is full: the next word tells it
