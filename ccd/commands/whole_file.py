"""A file that takes its name once everything is in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from ccd.errors import FileError

OF_PEOPLE = 0o600  # what tells of people, its user alone can read
TO_BE_SHOWN = 0o666  # less what the user's umask says


@contextmanager
def written_whole(path: Path, mode: int = OF_PEOPLE) -> Iterator[Path]:
    """Where to write what is to be there once all of it is, and on the disk; until then an older file keeps its name.

    FileError where that can't be, also where who writes says so by an OSError.
    """
    try:
        if path.exists() and not path.is_file():  # such as /dev/null, which would be a file from then on
            raise FileError(str(path), "is there, and is no file; name another")
        unfinished = path.with_name(f".{path.name[:50]}.{token_hex(4)}")  # others may write it now, too
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            yield unfinished
            os.fsync(descriptor)
            unfinished.replace(path)
        finally:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(str(path), f"can't be written: {error.strerror or error}") from error
