"""What the ledger refuses of what the daemon does by itself: it is said once, and stops nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from ccd.errors import LedgerError

log = structlog.get_logger("ccd.daemon")


class Refusals:
    """Those that are said already, and wait until somebody has looked; of one that went well meanwhile it is said
    again."""

    def __init__(self) -> None:
        self._said: set[tuple[str, tuple[tuple[str, str], ...]]] = set()

    @contextmanager
    def said_once(self, what: str, **of: str) -> Iterator[None]:
        """`what` can't be done, and `of` what, as the log names it."""
        which = what, tuple(of.items())
        try:
            yield
        except LedgerError as error:
            if which not in self._said:
                log.error(what, **of, error=str(error))
            self._said.add(which)
        else:
            self._said.discard(which)
