"""The window: postings that come while others are being written wait, and go together in the next transaction.

A commit costs the same for one posting as for fifty, and accounts that everybody posts to are locked once for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ccd.errors import LedgerError
from ccd.ledger.model import Outcome, Posting

TOGETHER_MAX = 500  # postings in one transaction

Post = Callable[[Sequence[Posting]], Awaitable[list[Outcome]]]


@dataclass(slots=True)
class Asked:
    posting: Posting
    answer: Outcome | Exception | None = None
    given_up: bool = False


class Window:
    """`post` writes all of its postings or none; one that fails for a fault of its own does not fail the others."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._waiting: list[Asked] = []
        self._writing = asyncio.Lock()

    async def post(self, posting: Posting) -> Outcome:
        mine = Asked(posting)
        self._waiting.append(mine)
        try:
            async with self._writing:
                if mine.answer is None:  # else whoever wrote before has written it along
                    await self._write_along(mine)
        except asyncio.CancelledError:  # nobody asks for it any more: what is not begun is not done later
            mine.given_up = True  # nor put back by who writes it along, and is given up as well
            self._waiting = [one for one in self._waiting if one is not mine]
            raise
        if isinstance(mine.answer, Outcome):
            return mine.answer
        assert mine.answer is not None
        raise mine.answer

    async def _write_along(self, mine: Asked) -> None:
        """This one and those that wait behind it, in their order."""
        together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
        try:
            await self._write(together)
        finally:  # who is cancelled leaves to the others what is theirs
            left = [one for one in together if one.answer is None and not one.given_up and one is not mine]
            self._waiting = left + self._waiting

    async def _write(self, together: list[Asked]) -> None:
        try:
            outcomes = await self._post([one.posting for one in together])
        except LedgerError as error:
            if len(together) == 1:
                together[0].answer = error
            else:
                for one in together:
                    await self._write([one])
        except Exception as error:
            for one in together:
                one.answer = error
        else:
            for one, outcome in zip(together, outcomes, strict=True):
                one.answer = outcome
