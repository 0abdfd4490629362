"""config/ccd.toml: every setting stands in it with its default, and it can be used as it is."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ccd.settings import Settings, inspect
from ccd.settings.saying import model_in

FILE = Path(__file__).parents[2] / "config" / "ccd.toml"
HAVE_NO_DEFAULT = {"name", "host", "secret", "secret_file", "queue_log"}


def with_samples() -> dict[str, Any]:
    """The file with every `#key = value` and `#[table]` made active."""
    return tomllib.loads(re.sub(r"(?m)^#(?=\S)", "", FILE.read_text(encoding="utf-8")))


def keys_of(section: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        key = f"{above}{field.alias or name}"
        inner = model_in(field.annotation)
        yield from keys_of(inner, f"{key}.") if inner else [key]


def keys_in(value: Any, section: type[BaseModel], above: str = "") -> Iterator[str]:
    """The keys that a file uses, those of all sections of a kind together: `reasons.policy`."""
    fields = {field.alias or name: field for name, field in section.model_fields.items()}
    for name, part in value.items():
        inner = model_in(fields[name].annotation)
        if inner is None:
            yield f"{above}{name}"
            continue
        named = "Mapping" in str(fields[name].annotation)
        for element in part if isinstance(part, list) else part.values() if named else [part]:
            yield from keys_in(element, inner, f"{above}{name}.")


def test_the_file_is_every_default():
    reading = inspect(FILE)
    assert reading.faults == ()
    assert reading.settings is not None
    placed = {"state_directory": Settings().state_directory, "evidence": Settings().evidence}
    assert reading.settings.model_copy(update=placed) == Settings()


def test_every_setting_stands_in_the_file_and_nothing_else():
    assert set(keys_in(with_samples(), Settings)) == set(keys_of(Settings))


def test_what_is_commented_out_of_a_pbx_or_a_queue_is_its_default_unless_it_has_none():
    data = with_samples()
    del data["pbx"][0]["secret"]
    settings = Settings(**data)
    for section in (settings.pbx[0], settings.pbx[0].queues, settings.queues["support"]):
        for name, field in type(section).model_fields.items():
            if name not in HAVE_NO_DEFAULT and not isinstance(getattr(section, name), BaseModel):
                assert getattr(section, name) == field.default, name


def test_each_paragraph_of_settings_says_what_they_are():
    paragraphs = FILE.read_text(encoding="utf-8").split("\n\n")
    silent = [text for text in paragraphs if not re.search(r"(?m)^# \S", text) and not text.startswith("[reasons.")]
    assert silent == []
