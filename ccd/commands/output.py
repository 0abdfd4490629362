"""The option that says how an answer is printed."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    json = "json"
    table = "table"


As = Annotated[Format, typer.Option("--format", help="json or table")]
