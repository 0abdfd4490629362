"""Where tests keep what nobody needs after them: in memory where there is enough of it. Thousands of databases that are
made, committed to and thrown away wait for a disk that others use too, half of the time that they take.

What is killed in a test is a process, and what it wrote to a file in memory stays as what it wrote to a disk does.
"""

import os
import shutil
import tempfile

MEMORY = "/dev/shm"
ENOUGH_BYTES = 8 << 30


def scratch() -> str:
    """The folder under which to make folders."""
    there = os.access(MEMORY, os.W_OK) and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return MEMORY if there and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES else tempfile.gettempdir()
