"""What a reload can't change is named."""

import re
from pathlib import Path

import pytest

from ccd.daemon.restart import RELOADED, waiting_for_a_restart
from ccd.settings import Settings

HERE = Path(__file__).parents[2]


PBX = {"name": "one", "host": "h", "secret": "s"}


def settings(**given: object) -> Settings:
    return Settings.model_validate({"pbx": [PBX]} | given)


@pytest.mark.parametrize(
    ("given", "waiting"),
    [
        ({"http": {"port": 9_090, "host": "::1"}}, ("http.host", "http.port")),
        ({"http": {"tls": {"certificate": "c", "key": "k"}}}, ("http.tls",)),
        ({"pbx": [PBX | {"secret": "hunter2"}]}, ("pbx[0].secret",)),
        ({"pbx": [PBX | {"queues": {"include": ["a"]}}]}, ("pbx[0].queues.include",)),
        ({"pbx": []}, ("pbx",)),
        ({"site": "other", "settle_wait_s_max": 1}, ("site", "settle_wait_s_max")),
        ({"timezone": "Asia/Shanghai", "pages": {"nudge_left_s": 1}, "units": {"a": {}}}, ()),
        ({}, ()),
    ],
)  # fmt: skip
def test_what_takes_a_restart_is_named_and_what_is_reloaded_is_not(given, waiting):
    assert waiting_for_a_restart(settings(), settings(**given)) == waiting


def test_the_sample_and_the_readme_say_what_is_reloaded():
    for file in ("config/ccd.toml", "README.md"):
        (said,) = re.findall(r"takes\s(timezone[^.;:]*)", (HERE / file).read_text(encoding="utf-8"))
        assert set(re.findall(r"[a-z_]+", said)) - {"and"} == RELOADED, file
