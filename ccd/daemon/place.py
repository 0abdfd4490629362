"""This process's place at a site: one captures, who is started beside it stands by (ccd.history.stand_by)."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from socket import gethostname
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.history.lease import Claim, Lease
from ccd.history.lock_file import LockFile
from ccd.history.stand_by import held
from ccd.notify import Notifier
from ccd.settings import Settings

LOCK_FILE = "ccd.lock"  # in the state directory


class Place(NamedTuple):
    lease: Lease
    stood_by: bool  # another process had it until now


@asynccontextmanager
async def place(engine: AsyncEngine, settings: Settings, notifier: Notifier) -> AsyncIterator[Place]:
    """The lease of the site and of all its PBXs, once nobody else has any of them. systemd is told meanwhile that all
    is well with who waits."""
    stood_by = False

    def waiting(why: str) -> None:
        nonlocal stood_by
        stood_by = True
        notifier.ready(f"stands by: {why}")
        notifier.alive()

    names = (f"site {settings.site}", *(f"PBX {pbx.name}" for pbx in settings.pbx))
    since = datetime.now(UTC).isoformat(timespec="seconds")
    who = f"process {os.getpid()} on {gethostname()} (since {since})"
    lock = LockFile(settings.state_directory / LOCK_FILE)
    async with held(engine, Claim(names, secrets.token_hex(8), who), lock, waiting) as lease:
        yield Place(lease, stood_by)
