"""What many tests begin with, a folder with a configuration and a database of days: made once a process, and copied."""

import shutil
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.memory import scratch


def made_once(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """`make` fills an empty folder and gives the file in it that is asked for."""

    @cache
    def first() -> tuple[TemporaryDirectory[str], Path]:
        kept = TemporaryDirectory(prefix="ccd-made-once-", dir=scratch())
        return kept, make(Path(kept.name)).relative_to(kept.name)

    @wraps(make)
    def copy(folder: Path) -> Path:
        kept, file = first()
        shutil.copytree(kept.name, folder, dirs_exist_ok=True)
        return folder / file

    return copy
