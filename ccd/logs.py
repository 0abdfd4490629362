"""What ccd writes to its log, and how: a JSON object a line under systemd, coloured lines on a terminal.

systemd is recognised by the variable that it sets for whoever writes to its journal. What libraries log goes the same
way.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

# Libraries that tell each request or each byte on a level where ccd tells what a person should know.
QUIET = ("aiosqlite", "asyncio", "panoramisk", "uvicorn.access", "websockets")
ALEMBICS_GREETING = ("Context impl ", "Will assume ")  # said each time that it opens a database


def configure(
    stream: TextIO = sys.stderr, *, level: int = logging.INFO, environment: Mapping[str, str] = os.environ
) -> None:
    """To be called once by a command, before anything is logged."""
    # A list has no name to look up at each call, and no state of its own: the time is the clock's when it is logged.
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(stream, environment)],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.getLogger("alembic.runtime.migration").addFilter(_is_no_greeting)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _is_no_greeting(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(ALEMBICS_GREETING)


def _rendering(stream: TextIO, environment: Mapping[str, str]) -> list[Processor]:
    # Without the variables of each frame: passwords and sessions pass through some of them.
    if "JOURNAL_STREAM" in environment:
        tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)]
    plain = structlog.dev.RichTracebackFormatter(show_locals=False)
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]
