"""From which pages a browser may speak for the person who is signed in: those of this very server, and those named.

A right, like those of ccd.org.rights: asked by the pages' API and by the live channel, which don't know each other.
"""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_own_origin(origin: str | None, host: str | None, more: Collection[str] = ()) -> bool:
    """Whether a request's Origin is the host it was sent to, or one of `more` (`https://floor.example.org`).

    The scheme is not compared: behind a proxy that ends TLS ours is another. Without an Origin it was no browser, and
    nobody's cookie was added without them.
    """
    if origin is None or origin in more:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # half an IPv6 address: nobody's
        return False
    return parts.scheme in {"http", "https"} and bool(host) and parts.netloc.lower() == str(host).lower()
