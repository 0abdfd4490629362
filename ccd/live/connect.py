"""Opens Redis or Valkey by its address: one server, what Sentinels name, or a Cluster.

    redis://, rediss:// (TLS), unix://                             one server
    redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DB     the master that the Sentinels call NAME
    redis+cluster://HOST:PORT,HOST:PORT                            a Cluster; rediss+… is the same over TLS

Nothing is retried in here, and nothing timed: who uses the connection knows what may be retried and how long it may
take. (redis-py's own time-out goes through `asyncio.wait_for`, which up to Python 3.11 can lose a cancellation: a child
that is told to stop would go on. `asyncio.timeout` around the command can't.)
"""

from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

RedisClient = Redis | RedisCluster

CONNECT_TIMEOUT_S = 2.0
SENTINEL_PORT = 26_379
REDIS_PORT = 6_379


class Address(NamedTuple):
    kind: str  # "", "sentinel" or "cluster"
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    name: str  # the master's, for Sentinels
    db: int
    username: str | None
    password: str | None


def parsed(url: str) -> Address:
    """What is wrong with an address has been said before (ccd.settings.addresses)."""
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    name, _, db = parts.path.strip("/").partition("/")
    port = SENTINEL_PORT if kind == "sentinel" else REDIS_PORT
    return Address(
        kind, scheme == "rediss", tuple(_host(each, port) for each in hosts.split(",")), name, int(db or 0),
        unquote(username) or None, unquote(password) or None,
    )  # fmt: skip


def _host(given: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{given}")
    return parts.hostname or "", parts.port or port


def connect(url: str) -> RedisClient:
    """A client that connects when it is first used."""
    options: dict[str, Any] = {
        "socket_timeout": None,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "protocol": 2,
    }
    if "+" not in urlsplit(url).scheme:
        return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    address = parsed(url)
    options |= {"username": address.username, "password": address.password, "ssl": address.tls}
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, retry=Retry(NoBackoff(), 1), **options)
    told = {"socket_timeout": None, "socket_connect_timeout": CONNECT_TIMEOUT_S}
    sentinels = Sentinel(address.hosts, sentinel_kwargs=told)  # type: ignore[no-untyped-call] # of redis-py
    master: Redis = sentinels.master_for(address.name, db=address.db, retry=Retry(NoBackoff(), 0), **options)
    return master
