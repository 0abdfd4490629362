"""SQLite's checkpoints, taken beside the turns.

What is committed stands in the log (WAL) beside the file, and is safe there; a checkpoint copies it into the file. Left
to itself, SQLite does that within the commit that finds the log long enough. After a batch of postings in a ledger that
has grown this is a thousand pages, each somewhere else: a third of the batch's time.
"""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from sqlalchemy import Connection, Engine

ROWS_BETWEEN = 2_000
LOG_PAGES_MAX = 16_000  # 64 MB: written faster than it is copied, the log is copied within a commit after all


class Checkpoints:
    """`engine` has a connection to spare. What fails is tried again with the next; SQLite's own keep silent too."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "sqlite-checkpoints")
        self._last: Future[None] | None = None
        self._rows = 0  # that had been changed when it began

    def after(self, turn: Connection) -> None:
        """Begins one where enough was written since the last, and none is under way."""
        driver: Any = turn.connection.dbapi_connection
        changed = abs(driver.total_changes - self._rows)  # below 0 where the connection is another
        if changed < ROWS_BETWEEN or (self._last is not None and not self._last.done()):
            return
        self._rows = driver.total_changes
        self._last = self._thread.submit(self._take)

    def finish(self) -> None:
        """Waits for the one that is under way."""
        if self._last is not None:
            wait([self._last])

    def _take(self) -> None:
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            connection.close()
