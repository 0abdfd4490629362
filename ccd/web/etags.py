"""What was read has a tag, and is replaced only by whoever has read it as it is."""

from hashlib import sha256
from http import HTTPStatus

from pydantic import BaseModel

from ccd.web.problems import Problem

TAG_DIGITS = 16


def tag_of(said: BaseModel | str) -> str:
    text = said if isinstance(said, str) else said.model_dump_json()
    return f'"{sha256(text.encode()).hexdigest()[:TAG_DIGITS]}"'


def check_tag(given: str | None, holds: BaseModel | str) -> None:
    """Under the lock under which it is replaced."""
    if given is None:
        detail = "If-Match: the ETag of what was read is needed, so that nobody's change is lost."
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, detail)
    if given.strip() != tag_of(holds):
        detail = "It was changed since it was read, or never read: read it again, and say it of that."
        raise Problem(HTTPStatus.PRECONDITION_FAILED, detail, {"ETag": tag_of(holds)})
