"""A SIP telephone that registers and unregisters: sipp's, one message at a time."""

import shutil
import subprocess
from pathlib import Path

REGISTER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="register">
  <send retrans="200"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[service]@[remote_ip]>;tag=[pid]SIPp[call_number]
To: <sip:[service]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:[service]@[local_ip]:[local_port]>;expires=[expires]
Expires: [expires]
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"""
ANSWER_S_MAX = 10


def register(sip_port: int, number: str, folder: Path, expires_s: int = 60) -> None:
    """`expires_s` 0 unregisters. Raises where Asterisk does not take it."""
    sipp = shutil.which("sipp")
    assert sipp, "there is no sipp: run tests/servers.sh as root, as `make test` does"
    scenario = folder / "register.xml"
    scenario.write_text(REGISTER)
    command = [sipp, f"127.0.0.1:{sip_port}", "-sf", str(scenario), "-s", number, "-m", "1", "-i", "127.0.0.1"]
    command += ["-key", "expires", str(expires_s), "-timeout", f"{ANSWER_S_MAX}s", "-nostdin"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=ANSWER_S_MAX + 5, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
