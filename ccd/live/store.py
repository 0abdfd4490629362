"""The live state in Redis: written by the batch, replaced as a whole, read as a whole, followed by the entry.

One site has one writer. Its store remembers the epoch it began and the number of its last batch, and Redis refuses a
batch that does not follow on what it holds (ccd.live.keys): so a batch whose answer was lost can be sent again, and a
store that was wiped is noticed with the next write. Of two writers, the one whose `term` is older gets nothing in any
more: it stood still when the other took its place.
"""

import asyncio
import secrets
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

from redis.exceptions import RedisClusterException, RedisError

from ccd.errors import LeaseLostError
from ccd.live.batch import AgentReading, LiveBatch, Packed, pack_plainly, packed, unpack_plainly
from ccd.live.connect import RedisClient
from ccd.live.keys import KEPT_S, STAGED_KEPT_S, STREAM_ENTRIES_MAX, Keys
from ccd.live.scripts import READ, REPLACE, WRITE, Script

# Whatever of these it is, the floor goes on, and it is tried again. The second: of a Cluster no node is there.
AWAY = (RedisError, RedisClusterException, OSError)

READ_AT_ONCE = 500  # entries
ANSWER_TIMEOUT_S = 5.0  # beyond what a command asks to be kept waiting; a TimeoutError is raised
STAGED_AT_ONCE = 500  # agents a command in a full rewrite; between two the loop turns to others


class StreamEntry(NamedTuple):
    """What a stream entry says. `epoch` is "" where it is not the writer's; `number` is 0 after a full rewrite."""

    id: str
    epoch: str
    number: int
    agents: list[bytes]
    gone: list[str]
    queues: list[bytes]
    sources: list[bytes]
    accounts: list[str]
    places: list[str]  # agents for whom it is another how many may be off


class Whole(NamedTuple):
    """All of the state, and the entry it is as of. `epoch` is "" where there is none."""

    epoch: str
    number: int
    agents: list[bytes]
    queues: list[bytes]
    sources: list[bytes]
    last_id: str


class Store:
    """`line` and `term` say which writer this is: of one line, a higher term came later. Readers need none."""

    def __init__(
        self, redis: RedisClient, site: str, entries_max: int = STREAM_ENTRIES_MAX, line: str = "", term: int = 0
    ) -> None:
        self._redis, self._site = redis, site
        self._keys = Keys.of(site)
        self._entries_max = entries_max
        self._line, self._term = line, term
        self._epoch = ""
        self._number = 0
        keys = self._keys
        self._all = (keys.head, keys.agents, keys.queues, keys.sources, keys.watermarks, keys.stream)
        self._write, self._replace, self._read = Script(WRITE), Script(REPLACE), Script(READ)

    async def close(self) -> None:
        await self._redis.aclose()

    # --- the writer's ------------------------------------------------------------------------------------------------

    async def write(self, batch: Packed) -> bool:
        """Write the batch, all of it in one round trip. False: the store is not what it was, replace it."""
        number = self._number + 1
        arguments = (batch.entry(self._epoch, number), KEPT_S, self._entries_max)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            if not await self._write.run(self._redis, self._all, arguments):
                return False
        self._number = number
        return True

    async def replace(self, everything: LiveBatch) -> None:
        """Put everything in place of whatever is there, seen by readers all at once. LeaseLostError where a later
        writer has been here."""
        epoch = secrets.token_hex(8)
        staged = self._keys.staged(epoch)
        agents = iter(everything.agents)
        while part := _packed_agents(islice(agents, STAGED_AT_ONCE)):
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._redis.execute_command("HSET", staged, *_flat(part))
                await self._redis.execute_command("EXPIRE", staged, STAGED_KEPT_S)
            await asyncio.sleep(0)
        rest = packed(LiveBatch((), (), everything.queues, everything.sources, everything.watermarks))
        arguments = (rest.entry(epoch, 0), KEPT_S, self._entries_max, self._line, self._term)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            written = await self._replace.run(self._redis, (*self._all, staged), arguments)
        if not written:
            raise LeaseLostError(f"the live state of site {self._site}", "")
        self._epoch, self._number = epoch, 0

    async def announce(self, accounts: Iterable[str], places: Iterable[str] = ()) -> None:
        """Tell whoever follows that the accounts of these agents have changed, and for these how many may be off. Any
        process may."""
        entry = pack_plainly({"accounts": list(accounts), "places": list(places)})
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await self._redis.execute_command(
                "XADD", self._keys.stream, "MAXLEN", "~", self._entries_max, "*", "b", entry
            )

    # --- the reader's ------------------------------------------------------------------------------------------------

    async def read(self) -> Whole:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            epoch, number, agents, queues, sources, last_id = await self._read.run(self._redis, self._all)
        return Whole(epoch.decode() if epoch else "", int(number or 0), agents, queues, sources, last_id.decode())

    async def entries_after(self, last_id: str, wait_s: float) -> list[StreamEntry]:
        """The entries after `last_id`; where there are none, waits up to `wait_s` for one."""
        waits_ms = max(1, int(wait_s * 1000))
        async with asyncio.timeout(ANSWER_TIMEOUT_S + wait_s):
            found = await self._redis.execute_command(
                "XREAD", "COUNT", READ_AT_ONCE, "BLOCK", waits_ms, "STREAMS", self._keys.stream, last_id
            )
        if not found:
            return []
        ((_, entries),) = found.items() if isinstance(found, dict) else found
        return [_entry(name.decode(), fields) for name, fields in entries]


def _entry(name: str, fields: Any) -> StreamEntry:
    said = unpack_plainly(fields[b"b"])
    return StreamEntry(
        name,
        said.get(b"epoch", b"").decode(),
        said.get(b"number", 0),
        list(said.get(b"agents", {}).values()),
        [agent.decode() for agent in said.get(b"gone", ())],
        list(said.get(b"queues", {}).values()),
        list(said.get(b"sources", {}).values()),
        [agent.decode() for agent in said.get(b"accounts", ())],
        [agent.decode() for agent in said.get(b"places", ())],
    )


def _packed_agents(agents: Iterable[AgentReading]) -> dict[str, bytes]:
    return packed(LiveBatch(agents)).agents


def _flat(fields: dict[str, bytes]) -> list[str | bytes]:
    return [part for pair in fields.items() for part in pair]
