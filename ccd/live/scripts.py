"""The three steps that Redis takes in one piece, in its own language. Keys and their order: ccd.live.keys.

A script is sent by its digest, and in full where the server does not know it (yet, or after a restart).
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.exceptions import NoScriptError

from ccd.live.connect import Client

# Both writers take their hash fields as four counted runs: agents, queues, sources, watermarks. A Lua call takes at
# most some 8,000 values, hence the slices.
FIELDS = """
local function put(key, from, count)
  for at = from, from + 2 * count - 1, 2000 do
    redis.call('HSET', key, unpack(ARGV, at, math.min(at + 1999, from + 2 * count - 1)))
  end
  return from + 2 * count
end
local function keep(seconds)
  for i = 1, 6 do redis.call('EXPIRE', KEYS[i], seconds) end
end
"""

# KEYS: head agents queues sources watermarks stream
# ARGV: epoch number kept_s entries_max entry, the counts of agents queues sources watermarks gone, then these
# → 1 written, 2 had been written before, 0 refused: the store is not what the writer left
WRITE = (
    FIELDS
    + """
local epoch, number = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'number'))
if epoch ~= ARGV[1] then return 0 end
if tonumber(number) == tonumber(ARGV[2]) then return 2 end
if tonumber(number) ~= tonumber(ARGV[2]) - 1 then return 0 end
local at = 11
for i = 1, 4 do at = put(KEYS[i + 1], at, tonumber(ARGV[5 + i])) end
for i = at, at + tonumber(ARGV[10]) - 1 do redis.call('HDEL', KEYS[2], ARGV[i]) end
redis.call('HSET', KEYS[1], 'number', ARGV[2])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[4], '*', 'b', ARGV[5])
keep(ARGV[3])
return 1
"""
)

# KEYS: as above, and the staged agents. ARGV: epoch kept_s entries_max entry line term, the counts of queues sources
# watermarks, then these. → 1 written, 0 refused: a later holder of the same line was here
REPLACE = (
    FIELDS
    + """
local line, term = unpack(redis.call('HMGET', KEYS[1], 'line', 'term'))
if line == ARGV[5] and tonumber(term) > tonumber(ARGV[6]) then
  redis.call('DEL', KEYS[7])
  return 0
end
if redis.call('EXISTS', KEYS[7]) == 1 then
  redis.call('RENAME', KEYS[7], KEYS[2])
else
  redis.call('DEL', KEYS[2])
end
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4], KEYS[5])
local at = 10
for i = 1, 3 do at = put(KEYS[i + 2], at, tonumber(ARGV[6 + i])) end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'number', 0, 'line', ARGV[5], 'term', ARGV[6])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[3], '*', 'b', ARGV[4])
keep(ARGV[2])
return 1
"""
)

# KEYS: as for WRITE → epoch, number, agents, queues, sources, watermarks, the id of the newest entry
READ = """
local head = redis.call('HMGET', KEYS[1], 'epoch', 'number')
local newest = redis.call('XREVRANGE', KEYS[6], '+', '-', 'COUNT', 1)
return {
  head[1], head[2], redis.call('HVALS', KEYS[2]), redis.call('HVALS', KEYS[3]), redis.call('HVALS', KEYS[4]),
  redis.call('HGETALL', KEYS[5]), newest[1] and newest[1][1] or '0-0'
}
"""


class Script:
    """One of the above, ready to run."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Client, keys: Sequence[str], arguments: Sequence[str | bytes | int] = ()) -> Any:
        try:
            return await redis.execute_command("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await redis.execute_command("EVAL", self._text, len(keys), *keys, *arguments)
