"""The three steps that Redis takes in one piece, in its own language. Keys and their order: ccd.live.keys.

A script is sent by its digest, and in full where the server does not know it (yet, or after a restart).
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.exceptions import NoScriptError

from ccd.live.connect import RedisClient

# Both writers send what they write once, as the stream's entry (ccd.live.batch): the hashes' fields are taken out of it
# here. A Lua call takes at most some 8,000 values, hence the slices.
FIELDS = """
local said = cmsgpack.unpack(ARGV[1])
local function put(key, fields)
  local flat = {}
  for field, value in pairs(fields) do
    flat[#flat + 1], flat[#flat + 2] = field, value
    if #flat == 2000 then
      redis.call('HSET', key, unpack(flat))
      flat = {}
    end
  end
  if #flat > 0 then redis.call('HSET', key, unpack(flat)) end
end
local function held()
  local sizes = {}
  for i = 2, 5 do sizes[i - 1] = redis.call('HLEN', KEYS[i]) end
  return table.concat(sizes, ' ')
end
local function keep(seconds)
  for i = 1, 6 do redis.call('EXPIRE', KEYS[i], seconds) end
end
"""

# KEYS: head agents queues sources watermarks stream
# ARGV: entry kept_s entries_max
# → 1 written, 2 had been written before, 0 refused: the store is not what the writer left
WRITE = (
    FIELDS
    + """
local epoch, number, sizes = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'number', 'sizes'))
if epoch ~= said.epoch then return 0 end
if tonumber(number) == said.number then return 2 end
if tonumber(number) ~= said.number - 1 or sizes ~= held() then return 0 end
put(KEYS[2], said.agents)
put(KEYS[3], said.queues)
put(KEYS[4], said.sources)
put(KEYS[5], said.watermarks)
for _, agent in ipairs(said.gone) do redis.call('HDEL', KEYS[2], agent) end
redis.call('HSET', KEYS[1], 'number', said.number, 'sizes', held())
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[3], '*', 'b', ARGV[1])
keep(ARGV[2])
return 1
"""
)

# KEYS: as above, and the staged agents. ARGV: entry kept_s entries_max line term
# → 1 written, 0 refused: a later holder of the same line was here
REPLACE = (
    FIELDS
    + """
local line, term = unpack(redis.call('HMGET', KEYS[1], 'line', 'term'))
if line == ARGV[4] and tonumber(term) > tonumber(ARGV[5]) then
  redis.call('DEL', KEYS[7])
  return 0
end
if redis.call('EXISTS', KEYS[7]) == 1 then
  redis.call('RENAME', KEYS[7], KEYS[2])
else
  redis.call('DEL', KEYS[2])
end
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4], KEYS[5])
put(KEYS[3], said.queues)
put(KEYS[4], said.sources)
put(KEYS[5], said.watermarks)
redis.call('HSET', KEYS[1], 'epoch', said.epoch, 'number', 0, 'sizes', held(), 'line', ARGV[4], 'term', ARGV[5])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[3], '*', 'b', ARGV[1])
keep(ARGV[2])
return 1
"""
)

# KEYS: as for WRITE → epoch, number, agents, queues, sources, the id of the newest entry
READ = """
local head = redis.call('HMGET', KEYS[1], 'epoch', 'number')
local newest = redis.call('XREVRANGE', KEYS[6], '+', '-', 'COUNT', 1)
return {
  head[1], head[2], redis.call('HVALS', KEYS[2]), redis.call('HVALS', KEYS[3]), redis.call('HVALS', KEYS[4]),
  newest[1] and newest[1][1] or '0-0'
}
"""


class Script:
    """One of the above, ready to run."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: RedisClient, keys: Sequence[str], arguments: Sequence[str | bytes | int] = ()) -> Any:
        try:
            return await redis.execute_command("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await redis.execute_command("EVAL", self._text, len(keys), *keys, *arguments)
