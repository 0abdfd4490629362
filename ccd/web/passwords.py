"""Passwords: argon2id, off the event loop, and not too many at once.

The cost is that of RFC 9106's and OWASP's smallest setting, some 20 ms and 19 MiB here: a shift of thousands signs in
within minutes. Hashes carry their cost: raised later, it holds for each password that is set from then on.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSES = 2
MEMORY_KIB = 19_456
LANES = 1
AT_ONCE_MAX = 2  # each takes a core and MEMORY_KIB
PASSWORD_CHARACTERS_MAX = 1_000


class Passwords:
    def __init__(self, passes: int = PASSES, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=LANES)
        self._turn = asyncio.Semaphore(AT_ONCE_MAX)
        self._nobodys = self._hasher.hash("nobody's")

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Takes as long for a name that nobody has (`stored` is None) as for a wrong password."""
        async with self._turn:
            right = await asyncio.to_thread(self._verifies, password, stored or self._nobodys)
        return right and stored is not None

    def _verifies(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
