"""The addresses of stores, before anything is started."""

from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url

from ccd.live.connect import connect, parsed
from ccd.settings import inspect
from ccd.settings.addresses import is_redis_url, is_sql_url

REDIS = (
    "redis://h",
    "redis://h:6379/15",
    "rediss://me:pa%2Fss@[::1]:6380/0?ssl_ca_certs=/etc/ca.pem",
    "unix:///run/redis.sock?db=2",
    "redis+sentinel://one:1,two/floor",
    "rediss+sentinel://me:pass@one:1,two:2/floor/3",
    "redis+cluster://one:7001,two",
)
SQL = (
    "sqlite:///state/ccd.sqlite",
    "sqlite:////var/lib/ccd.sqlite",
    "postgresql://h/ccd",
    "postgresql://ccd:pa/ss@h:5432/ccd",
    "postgresql://ccd@[::1]:5432/ccd?ssl=require",
    "postgresql://ccd@/ccd?host=/run/postgresql",
    "postgresql://ccd@h/ccd?statement_cache_size=0&ssl=verify-full&target_session_attrs=read-write",
    "sqlite:///file:/var/lib/ccd.sqlite?uri=true&mode=rw&timeout=5",
    "sqlite:///state/ccd.sqlite?timeout=0.5&cached_statements=100000&check_same_thread=False",
    "sqlite:///file:/var/lib/ccd.sqlite?uri=True&mode=rw",
    "sqlite:///state/ccd.sqlite?uri=0&isolation_level=IMMEDIATE&detect_types=0",
    "postgresql://ccd@h/ccd?service=bank&servicefile=/etc/pg_service.conf&command_timeout=2.5",
    "postgresql://ccd@/ccd?service=bank&command_timeout=.5",
    "postgresql:///ccd?host=a,b&port=5432,5433",
    "postgresql:///ccd?host=a:5432&host=b:5433",
)


@pytest.mark.parametrize("url", REDIS)
def test_an_address_of_a_redis_that_is_taken_can_be_opened(url):
    assert is_redis_url(url) == url
    if "+" in url:
        assert parsed(url).hosts
    else:
        assert isinstance(connect(url), Redis)


@pytest.mark.parametrize("url", SQL)
def test_an_address_of_a_database_that_is_taken_can_be_opened(url):
    assert is_sql_url(url) == url
    assert make_url(url).database


@pytest.mark.parametrize(
    ("key", "url", "problem"),
    [
        ("redis", "http://h", "the address begins with none of these"),
        ("redis", "redis+://h", "the address begins with none of these"),
        ("redis", "redis+ring://h", "the address begins with none of these"),
        ("redis", "redis://h:99999999/x", "the port is no number from 1 to 65535"),
        ("redis", "redis://h:0", "the port is no number"),
        ("redis", "redis://h:", "the port is no number"),
        ("redis", "redis://h/x", "the database is no number"),
        ("redis", "redis://h?db=x", "the database is no number"),
        ("redis", "unix:///s?db=x", "the database is no number"),
        ("redis", "redis://", "the address names no host"),
        ("redis", "redis://:hunter2/x@h", "the address names no host"),
        ("redis", "redis://[::1", "the address can't be read"),
        ("redis", "unix://", "the address names no socket"),
        ("redis", "redis+sentinel://one:1", "what the Sentinels call the master"),
        ("redis", "redis+sentinel://one:1/m/x", "the database is no number"),
        ("redis", "redis+cluster://one:1/3", "which a Cluster has not"),
        ("redis", "redis+cluster://one:1,two:x", "the port is no number"),
        ("sql", "mysql://h/db", "the address begins with none of these"),
        ("sql", "postgresql://u@h:abc/db", "the port is no number from 1 to 65535"),
        ("sql", "postgresql://u:hunter2@h:70000/db", "the port is no number"),
        ("sql", "postgresql://u@h", "the address names no database"),
        ("sql", "postgresql://u@/db", "the address names no host"),
        ("sql", "postgresql://[::1/db", "the address can't be read"),
        ("sql", "sqlite://ccd.sqlite", "the address names no file"),
        ("sql", "sqlite:///", "the address names no file"),
        ("sql", "postgresql://u@h/db?sslmode=require", "?sslmode is none of command_timeout, database, "),
        ("sql", "postgresql://u:hunter2@h/db?statement_cache_size=no", "?statement_cache_size is no whole number"),
        ("sql", "sqlite:///a?mode=ro", "SQLite takes ?mode only with ?uri=true"),
        ("sql", "sqlite:///file:a?uri=perhaps", "?uri is neither true nor false"),
        ("sql", "sqlite:///a?timeout=long", "?timeout is no number of seconds"),
        ("sql", "postgresql://u@h/db?command_timeout=0", "?command_timeout is no number of seconds"),
        ("sql", "postgresql://u@h/db?command_timeout=5&command_timeout=6", "?command_timeout is no number of seconds"),
        ("sql", "postgresql://u@h/db?port=x", "?port is no number"),
        ("sql", "postgresql:///db?host=a,b", "not each host has its port"),
        ("sql", "postgresql:///db?host=a,b&port=1", "not each host has its port"),
        ("sql", "postgresql:///db?host=a&host=b&port=1,2", "not each host has its port"),
        ("sql", "postgresql:///db?host=a:1&host=b", "not each host has its port"),
        ("sql", "postgresql:///db?host=a:x&host=b:1", "not each host has its port"),
        ("sql", "postgresql://h/db?port=1,2", "not each host has its port"),
        ("sql", "postgresql://u@a..b/db", "the address names no host"),
        ("redis", f"redis://{'x' * 64}.example", "the address names no host"),
    ],
)
def test_an_address_that_nothing_can_be_opened_by_is_named_with_its_key_and_what_is_allowed(
    tmp_path: Path, key, url, problem
):
    file = tmp_path / "ccd.toml"
    file.write_text(f'[{key}]\nurl = "{url}"\n')
    (fault,) = inspect(file).faults
    assert (fault.key, fault.line) == (f"{key}.url", 2)
    assert problem in fault.problem
    assert '; allowed: "embedded", or ' in fault.problem
    assert "hunter2" not in str(fault)
