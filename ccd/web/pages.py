"""The built pages, held in memory as they are sent: plain and compressed, each with its tag.

Files under assets/ carry a hash of their content in their names and are kept by browsers for good; the rest is asked
for anew each time, and mostly not sent again.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

MINE = ("/me", "/me/loan", "/me/days-off", "/me/line", "/me/policy", "/me/recorded")
MANAGED = (
    "/manage", "/manage/packets", "/manage/emergencies", "/manage/rulings", "/manage/days-off", "/manage/indicators",
)  # fmt: skip
VIEWS = ("/", "/board", *MINE, *MANAGED)  # all of them are the one page, which looks at its address
INDEX = "/index.html"
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
COMPRESSED_BYTES_MIN = 1_024
COMPRESSIBLE = ("text/", "application/javascript", "application/json", "application/manifest+json", "image/svg+xml")
WRITTEN_BESIDE = {".br": "br", ".gz": "gzip"}  # what a build may have compressed already


@dataclass(frozen=True, slots=True)
class Page:
    media_type: str
    tag: str
    keep: str
    bodies: Mapping[str, bytes]  # by content encoding; "" is plain


class Pages:
    """Read once, at the start."""

    def __init__(self, folder: Path) -> None:
        self._pages = {f"/{file.relative_to(folder).as_posix()}": _read(file, folder) for file in _files(folder)}

    def paths(self) -> list[str]:
        views = list(VIEWS) if INDEX in self._pages else []
        return [*views, *(path for path in self._pages if path != INDEX)]

    def answer(self, request: Request) -> Response:
        path = request.url.path
        page = self._pages[INDEX if path in VIEWS else path]
        headers = {"ETag": page.tag, "Cache-Control": page.keep, "Vary": "Accept-Encoding"}
        if page.tag in request.headers.get("if-none-match", ""):
            return Response(None, HTTPStatus.NOT_MODIFIED, headers)
        encoding = _best(page, request.headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(page.bodies[encoding], HTTPStatus.OK, headers, page.media_type)


def _files(folder: Path) -> list[Path]:
    found = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    return [file for file in found if not (file.suffix in WRITTEN_BESIDE and file.with_suffix("") in found)]


def _read(file: Path, folder: Path) -> Page:
    plain = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    media_type = "text/javascript" if media_type == "application/javascript" else media_type
    bodies = {"": plain}
    for suffix, encoding in WRITTEN_BESIDE.items():
        beside = file.with_name(file.name + suffix)
        if beside.is_file():
            bodies[encoding] = beside.read_bytes()
    if "gzip" not in bodies and len(plain) >= COMPRESSED_BYTES_MIN and media_type.startswith(COMPRESSIBLE):
        bodies["gzip"] = gzip.compress(plain, 9, mtime=0)
    is_hashed = file.is_relative_to(folder / "assets")
    charset = "; charset=utf-8" if media_type.startswith(COMPRESSIBLE) else ""
    tag = f'"{sha256(plain).hexdigest()[:32]}"'
    return Page(media_type + charset, tag, FOR_GOOD if is_hashed else ASK_FIRST, bodies)


def _best(page: Page, headers: Headers) -> str:
    """The smallest form that the browser takes."""
    taken = [part.partition(";") for part in headers.get("accept-encoding", "").split(",")]
    names = {name.strip() for name, _, weight in taken if weight.replace(" ", "") not in ("q=0", "q=0.0")}
    usable = [encoding for encoding in page.bodies if not encoding or encoding in names]
    return min(usable, key=lambda encoding: len(page.bodies[encoding]))
