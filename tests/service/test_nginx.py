"""The example for nginx: what ccd is told of each request that comes through it."""

import re
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parents[2] / "config" / "nginx.conf"
FORWARDED = {"Host": "$http_host", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme"}

_text = re.sub(r"#.*", "", CONFIGURATION.read_text())
LOCATIONS = dict(re.findall(r"location\s+(?:=\s+)?(\S+)\s*\{([^{}]*)\}", _text))
SERVER = re.sub(r"location[^{}]*\{[^{}]*\}", "", _text)


def headers_set(block: str) -> dict[str, str]:
    return dict(re.findall(r"proxy_set_header\s+(\S+)\s+([^;]+);", block))


@pytest.mark.parametrize("location", ["/", "/live", "/metrics"])
def test_ccd_is_told_host_client_and_scheme_of_every_request(location: str) -> None:
    told = headers_set(LOCATIONS[location]) or headers_set(SERVER)  # nginx inherits all of them or none
    assert told.items() >= FORWARDED.items()


def test_every_location_passes_requests_on_and_the_live_channel_may_upgrade() -> None:
    assert set(LOCATIONS) == {"/", "/live", "/metrics"}
    assert all("proxy_pass http://ccd;" in block for block in LOCATIONS.values())
    assert headers_set(LOCATIONS["/live"]).items() >= {"Upgrade": "$http_upgrade", "Connection": '"upgrade"'}.items()
