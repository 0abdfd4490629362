"""The addresses of stores: what is wrong with one is said before anything is started, and without its password."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AfterValidator

REDIS_FORMS: Final = (
    '"embedded", or redis://HOST:PORT/DB, unix:///PATH, redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB, '
    "redis+cluster://HOST:PORT,HOST:PORT; rediss… for TLS"
)
SQL_FORMS: Final = '"embedded", or sqlite:///PATH, postgresql://USER@HOST:PORT/DATABASE'
WEBHOOK_FORMS: Final = "https://HOST:PORT/PATH, or http:// to this machine itself, as http://127.0.0.1:9000/ccd"
KINDS: Final = ("", "sentinel", "cluster")
PORT_MAX: Final = 65_535
# What the drivers take as text behind a question mark; SQLite more, once the address is one of its own.
SQLITE_QUERY: Final = frozenset(
    {"uri", "timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"}
)
POSTGRESQL_QUERY: Final = frozenset(
    {
        "host", "port", "user", "password", "database", "passfile", "ssl", "direct_tls", "target_session_attrs",
        "krbsrvname", "gsslib", "service", "servicefile", "command_timeout", "statement_cache_size",
        "prepared_statement_cache_size",
    }
)  # fmt: skip
NO = re.compile(r"(?ai:false|no|off|n|f|0)")
FLAG = re.compile(rf"(?ai:true|yes|on|y|t|1)|{NO.pattern}")
WHOLE = re.compile(r"[0-9]{1,9}")
PORTS = re.compile(r"[0-9]{1,5}(?:,[0-9]{1,5})*")  # of each host one
SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]*)?|\.[0-9]+")
SECONDS_ABOVE_0 = re.compile(rf"(?=.*[1-9])(?:{SECONDS.pattern})")
HOST_AND_PORT = re.compile(r"[^:]+:[0-9]+")  # where several are named one by one
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::(?P<port>.*))?")
SQL_LOGIN = re.compile(r"(?<=://)[^:/@]*(?::[^@]*)?@")  # its password may hold a stroke as it is


def is_redis_url(text: str) -> str:
    return text if text == "embedded" else _in_order(text, text, _redis_problems, REDIS_FORMS)


def is_sql_url(text: str) -> str:
    return text if text == "embedded" else _in_order(text, SQL_LOGIN.sub("", text, count=1), _sql_problems, SQL_FORMS)


def is_webhook_url(text: str) -> str:
    return _in_order(text, text, _webhook_problems, WEBHOOK_FORMS)


def _in_order(text: str, split: str, problems: Callable[[SplitResult], Iterator[str]], forms: str) -> str:
    try:
        problem = next(problems(urlsplit(split)), "")
    except ValueError:  # of a bracket that nothing closes; what Python says of it may repeat the password
        problem = "the address can't be read"
    if problem:
        raise ValueError(f"{problem}; allowed: {forms}")
    return text


def _redis_problems(parts: SplitResult) -> Iterator[str]:
    scheme, plus, kind = parts.scheme.partition("+")
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            yield "the address names no socket"
    elif scheme not in {"redis", "rediss"} or kind not in KINDS or bool(plus) != bool(kind):
        yield "the address begins with none of these"
    else:
        hosts = parts.netloc.rpartition("@")[2]
        for host in hosts.split(",") if kind else [hosts]:
            yield from _host_problems(host)
        yield from _database_problems(parts, kind)
    if not all(map(_is_number, parse_qs(parts.query, keep_blank_values=True).get("db", []))):
        yield "the database is no number"


def _database_problems(parts: SplitResult, kind: str) -> Iterator[str]:
    path = parts.path.strip("/")
    if kind == "cluster":
        if path:
            yield "the address names a database, which a Cluster has not"
        return
    name, _, database = path.partition("/") if kind == "sentinel" else ("", "", path)
    if kind == "sentinel" and not name:
        yield "the address does not say what the Sentinels call the master"
    if database and not _is_number(database):
        yield "the database is no number"


def _sql_problems(parts: SplitResult) -> Iterator[str]:
    if parts.scheme == "sqlite":
        if parts.netloc or not parts.path.strip("/"):
            yield "the address names no file, or lacks one of its three strokes"
        yield from _sqlite_query_problems(parts.query)
    elif parts.scheme != "postgresql":
        yield "the address begins with none of these"
    else:
        if parts.netloc or not {"host", "service"} & parse_qs(parts.query).keys():  # which may say where, as a socket's
            yield from _host_problems(parts.netloc)
        if not parts.path.strip("/"):
            yield "the address names no database"
        yield from _postgresql_query_problems(parts.query)


def _sqlite_query_problems(query: str) -> Iterator[str]:
    said = parse_qs(query, keep_blank_values=True)
    yield from _written_otherwise(said, FLAG, "is neither true nor false", "uri", "check_same_thread")
    is_path = all(map(NO.fullmatch, said.get("uri", [])))
    if is_path and (others := sorted(said.keys() - SQLITE_QUERY)):
        yield f"SQLite takes ?{others[0]} only with ?uri=true"
    yield from _written_otherwise(said, WHOLE, "is no whole number", "cached_statements", "detect_types")
    yield from _written_otherwise(said, SECONDS, "is no number of seconds", "timeout")


def _postgresql_query_problems(query: str) -> Iterator[str]:
    said = parse_qs(query, keep_blank_values=True)
    if others := sorted(said.keys() - POSTGRESQL_QUERY):
        yield f"?{others[0]} is none of {', '.join(sorted(POSTGRESQL_QUERY))}"
    yield from _written_otherwise(said, PORTS, "is no number", "port")
    if not _each_has_its_port(said.get("host", []), said.get("port", [])):
        yield "not each host has its port, as in ?host=A,B&port=1,2 or ?host=A:1&host=B:2"
    sizes = "statement_cache_size", "prepared_statement_cache_size"
    yield from _written_otherwise(said, WHOLE, "is no whole number", *sizes)
    yield from _written_otherwise(said, SECONDS_ABOVE_0, "is no number of seconds", "command_timeout")


def _each_has_its_port(hosts: Sequence[str], ports: Sequence[str]) -> bool:
    """One host may do without, and so may the one that stands before the question mark."""
    if len(hosts) > 1:
        return not ports and all(map(HOST_AND_PORT.fullmatch, hosts))
    asked, told = (",".join(said).count(",") + 1 if said else 0 for said in (hosts, ports))
    return asked == told or (asked <= 1 and told <= 1)


def _written_otherwise(
    said: Mapping[str, Sequence[str]], form: re.Pattern[str], problem: str, *names: str
) -> Iterator[str]:
    """Or more than once: the drivers take no two."""
    for name in names:
        values = said.get(name, [])
        if len(values) > 1 or not all(map(form.fullmatch, values)):
            yield f"?{name} {problem}"


def _webhook_problems(parts: SplitResult) -> Iterator[str]:
    """What is told goes over no network in clear."""
    if parts.scheme not in {"http", "https"}:
        yield "the address begins with neither"
    elif parts.username is not None or parts.password is not None:
        yield "the address holds a login: what is told is signed instead"
    elif parts.fragment:
        yield "the address has a part behind #, which nobody is told"
    else:
        yield from _host_problems(parts.netloc)
        if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
            yield "the address is of another machine, in clear"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _host_problems(given: str) -> Iterator[str]:
    host = HOST.fullmatch(given)
    if host is None or not _is_name(host["name"]):
        yield "the address names no host, or one that is none"
    elif (port := host["port"]) is not None and not (_is_number(port) and 1 <= int(port) <= PORT_MAX):
        yield f"the port is no number from 1 to {PORT_MAX}"


def _is_name(host: str) -> bool:
    """False of a name that is never asked for: one with an empty part, or with one that is too long."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(PORT_MAX))


RedisUrl = Annotated[str, AfterValidator(is_redis_url)]
SqlUrl = Annotated[str, AfterValidator(is_sql_url)]
WebhookUrl = Annotated[str, AfterValidator(is_webhook_url)]
