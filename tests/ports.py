"""Ports for the servers that tests start, which nothing else on this machine takes in between.

A port that the kernel gives is out of the range from which it also gives the near end of every connection: by the time
that a server binds it, another test's server or client may have it. So they are counted up out of a range below that
one, each process that tests side by side in a part of its own, and none comes twice.
"""

import itertools
import os
import socket

FIRST = 20_000
PART = (
    1_250  # eight processes' parts end below 30,000: a Redis Cluster's node takes the port 10,000 above its own as well
)


def _ports() -> "itertools.cycle[int]":
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    part = range(FIRST + process * PART, FIRST + (process + 1) * PART)
    begun = os.getpid() % PART
    return itertools.cycle([*part[begun:], *part[:begun]])


_next = _ports()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at, neither with TCP nor with UDP."""
    return next(port for port in _next if _is_free(port))


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
