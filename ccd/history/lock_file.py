"""A file that is locked for as long as its process lives: whatever that died of, the system lets go of the lock."""

import fcntl
import os
from pathlib import Path


class LockFile:
    """Says who locked it last. One on a disk that several machines share says nothing there, and nobody is let down:
    then it takes as long as it takes without."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locked: int | None = None  # the open file

    def take(self, holder: str) -> None:
        """Lock it, if nobody has it, and say whose it is. Nothing happens where it is ours already."""
        if self._locked is not None:
            return
        opened = self._opened()
        if _lock(opened):
            os.ftruncate(opened, 0)
            os.pwrite(opened, holder.encode(), 0)
            self._locked = opened
        else:
            os.close(opened)

    def has_died(self, holder: str) -> bool:
        """It was the last to lock it, and its process is gone."""
        opened = self._opened()
        try:
            return _lock(opened) and os.pread(opened, 256, 0) == holder.encode()
        finally:
            os.close(opened)

    def let_go(self) -> None:
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None

    def _opened(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
