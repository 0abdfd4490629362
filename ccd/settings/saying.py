"""What is wrong with a setting, in a sentence for the person who wrote it: what was found, what is allowed."""

from collections.abc import Mapping
from datetime import date, time
from difflib import get_close_matches
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ccd.settings.lines import Keys, dotted
from ccd.settings.tree import Settings

SECRETS = {"secret", "url"}  # what is found there is not repeated: an address may hold a password

# What is allowed, by the beginning of what pydantic calls the fault: where its own words are Python's, and not TOML's.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "string_too_short": "a text that is not empty",
        "string_": "a text in quotes",
        "too_short": "a text that is not empty",  # of a secret, which is held shut
        "int_": "a whole number, without quotes",
        "float_": "a number, without quotes",
        "finite_number": "a number that is finite",
        "bool_": "true or false, without quotes",
        "date_": "a day without quotes, such as 2027-01-01",
        "time_": 'hours and minutes in quotes, such as "04:00"',
        "path_": "a path in quotes",
        "tuple_": 'a list in brackets, such as ["a", "b"]',
        "mapping_": "a table, [{}]",
        "dict_": "a table, [{}]",
        "model_": "a table, [{}]",
        "is_instance_of": "a table, [{}]",
    }
)


def setting_problem(detail: ErrorDetails) -> str:
    keys = detail["loc"]
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"is no setting; {_known(keys)}"
        case "value_error":
            said = str(detail["ctx"]["error"])
            return (
                f"{_found(keys, detail['input'])} {said}" if said.startswith("is ") else f"{said}{_not(keys, detail)}"
            )
    return f"allowed: {_allowed(keys, detail)}{_not(keys, detail)}"


def _allowed(keys: Keys, detail: ErrorDetails) -> str:
    """pydantic's own words where they are an operator's, too: of limits, and of what can be chosen."""
    if detail["type"] == "tuple_type" and section_at(keys) is not None:
        return f"tables, each below a [[{dotted(keys)}]]"
    for kind, words in WORDS.items():
        if detail["type"].startswith(kind):
            return words.format(dotted(keys))
    return detail["msg"].removeprefix("Input should be ")


def _not(keys: Keys, detail: ErrorDetails) -> str:
    found = _found(keys, detail["input"])
    return f"; found {found}" if found else ""


def _found(keys: Keys, value: object) -> str:
    if SECRETS & set(keys):
        return ""
    if isinstance(value, date | time):
        return value.isoformat()
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _known(keys: Keys) -> str:
    """The settings there are beside an unknown one, the nearest first to be thought of."""
    section = section_at(keys[:-1])
    if section is None:
        return "nothing can be set there"
    names = [field.alias or name for name, field in section.model_fields.items()]
    near = get_close_matches(str(keys[-1]), names, n=1)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(names)}"


def section_at(keys: Keys) -> type[BaseModel] | None:
    """The model that describes the table at `keys`; None where there is none."""
    section: type[BaseModel] | None = Settings
    for key in keys:
        if isinstance(key, int):
            continue  # an element of an array of tables is described by what describes the array
        if section is None:
            return None
        fields = {field.alias or name: field for name, field in section.model_fields.items()}
        if key in fields:
            section = model_in(fields[key].annotation)
        elif section is Settings:
            return None
    return section


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `Model | None`, `tuple[Model, ...]` or `Mapping[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is None and not isinstance(annotation, UnionType | type(Union[int, str])):  # noqa: UP007 # the type is wanted
        return None
    return next((model for part in get_args(annotation) if (model := model_in(part))), None)
