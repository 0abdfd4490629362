"""The example for nginx: what ccd is told of each request that comes through it, and a real nginx that follows it."""

import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.ports import free_port
from tests.whole.daemon import LEAD, LEAD_PASSWORD, Daemon

CONFIGURATION = Path(__file__).parents[2] / "config" / "nginx.conf"
CERTIFICATES = Path(__file__).parents[1] / "pbx" / "tls"
AROUND = """daemon off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {site}
}}
"""
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


TRUSTED = ssl.create_default_context(cafile=str(CERTIFICATES / "certificate.pem"))


def is_served(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", verify=TRUSTED).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def behind_nginx(tmp_path: Path) -> Iterator[str]:
    """Where nginx serves a daemon's pages, by the sample: only ports and certificate are others."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not here; as root: apt-get install nginx-light")
    daemon = Daemon(tmp_path, free_port())
    daemon.let_in()
    port = free_port()
    site = CONFIGURATION.read_text()
    for ours, here in {
        "127.0.0.1:8080": f"127.0.0.1:{daemon.http_port}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen [::]:443 ssl;": "",
        "/etc/ssl/floor.example.org.pem": str(CERTIFICATES / "certificate.pem"),
        "/etc/ssl/private/floor.example.org.key": str(CERTIFICATES / "key.pem"),
    }.items():
        assert ours in site
        site = site.replace(ours, here)
    (tmp_path / "nginx.conf").write_text(AROUND.format(site=site))
    with subprocess.Popen([nginx, "-p", tmp_path, "-c", tmp_path / "nginx.conf"]) as running:
        try:
            daemon.start().until(lambda: is_served(f"https://127.0.0.1:{port}"), 30)
            yield f"https://127.0.0.1:{port}"
        finally:
            running.terminate()
            daemon.stop()


@pytest.mark.timeout(120)
def test_a_real_nginx_that_follows_it_serves_pages_sign_in_and_the_live_channel(behind_nginx: str) -> None:
    with httpx.Client(base_url=behind_nginx, verify=TRUSTED, headers={"Origin": behind_nginx}) as client:
        assert "<html" in client.get("/").text
        assert "ccd_pbx_live" in client.get("/metrics").text
        answer = client.post("/api/session", json={"name": LEAD, "password": LEAD_PASSWORD})
        assert answer.is_success, answer.text
        cookie = answer.headers["Set-Cookie"]
        assert "Secure" in cookie
        assert client.get("/api/site").is_success
    with connect(
        behind_nginx.replace("https", "wss") + "/live",
        ssl=TRUSTED,
        subprotocols=[Subprotocol("ccd.v1.json")],
        additional_headers={"Cookie": cookie.split(";")[0], "Origin": behind_nginx},
    ) as line:
        line.send(json.dumps({"op": "subscribe", "topic": "floor"}))
        said = {json.loads(line.recv(timeout=10))["op"] for _ in range(3)}
    assert "snapshot" in said
