"""Secrets that stand in files of their own: read when they are needed, never kept in the settings."""

from base64 import b64decode, b64encode
from pathlib import Path
from secrets import token_bytes
from urllib.parse import quote, urlsplit, urlunsplit

from ccd.errors import ConfigurationError, Fault
from ccd.settings.tree import Pbx, Redis, Sql

WEBHOOK_SECRET = "whsec_"  # as Standard Webhooks writes it: so that whoever finds one in a log knows what it is
WEBHOOK_BYTES, WEBHOOK_BYTES_MIN = 32, 24


def pbx_secret(pbx: Pbx) -> str:
    if pbx.secret is not None:
        return pbx.secret.get_secret_value()
    assert pbx.secret_file is not None  # one of the two is there: ccd.settings.consistency
    return read_secret(pbx.secret_file, "pbx.secret_file")


def store_url(store: Redis | Sql) -> str:
    """The store's address, with the password from its file, if it has one."""
    if store.password_file is None:
        return store.url
    password = quote(read_secret(store.password_file, "password_file"), safe="")
    parts = urlsplit(store.url)
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}:{password}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def webhook_keys(file: Path, key: str) -> list[bytes]:
    """What a webhook is signed with: a line, or two while the receiver changes from one to the other."""
    lines = read_secret(file, key).split()
    try:
        keys = [b64decode(line.removeprefix(WEBHOOK_SECRET), validate=True) for line in lines]
    except ValueError:
        keys = []
    if not lines or any(len(one) < WEBHOOK_BYTES_MIN for one in keys or [b""]):
        problem = f"{file} holds no secret as `ccd webhook secret FILE` makes it: {WEBHOOK_SECRET}…"
        raise ConfigurationError((Fault(file, None, key, problem),))
    return keys


def new_webhook_secret() -> str:
    return WEBHOOK_SECRET + b64encode(token_bytes(WEBHOOK_BYTES)).decode()


def read_secret(file: Path, key: str) -> str:
    try:
        secret = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError((Fault(file, None, key, f"can't be read: {why}"),)) from None
    if not secret:
        raise ConfigurationError((Fault(file, None, key, "is empty; it has to hold the secret"),))
    return secret
