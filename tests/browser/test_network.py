"""No request leaves the machine, whatever asks the server; other names for its address are refused."""

import http.client
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser import server
from tests.browser.server import Server

SECONDS_TO_ANSWER = 5
REFUSED = 403
PROBE = """
import http.client, os, subprocess, sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.browser import server
with server.run_server(Path({book!r})) as running:
    for host, origin in (("127.0.0.1", "http://elsewhere.example"), ("elsewhere.example", None)):
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        headers = {{"Host": f"{{host}}:{{running.port}}", "Upgrade": "websocket", "Connection": "Upgrade",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}}
        began = time.monotonic()
        connection.request("GET", "/_stcore/stream", headers=headers | ({{"Origin": origin}} if origin else {{}}))
        status = connection.getresponse().status
        print(status, time.monotonic() - began < {seconds})
"""


def _ask(running: Server, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    connection.request("GET", path, headers=headers)
    return connection.getresponse().status


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    with server.run_server(tmp_path_factory.mktemp("network") / "none.duckdb") as started:
        yield started


@pytest.mark.browser
@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", None, 200),
        ("localhost", None, 200),
        ("127.0.0.1", "own", 200),
        ("elsewhere.example", None, REFUSED),
        ("127.0.0.1.elsewhere.example", None, REFUSED),
        ("127.0.0.1", "http://elsewhere.example", REFUSED),
        ("127.0.0.1", "null", REFUSED),
    ],
)
@pytest.mark.parametrize("path", ["/", "/_stcore/health"])
def test_only_known_names_and_own_pages_are_answered(running, host, origin, status, path):
    headers = {"Host": f"{host}:{running.port}"}
    if origin is not None:
        headers["Origin"] = f"http://{host}:{running.port}" if origin == "own" else origin
    assert _ask(running, path, headers) == status


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="needs a network namespace of its own")
def test_where_names_never_resolve_nobody_waits(tmp_path: Path) -> None:
    """In a network of its own, whose resolver is an address where nobody answers."""
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.53\noptions timeout:20 attempts:1\n", encoding="utf-8")
    probe = PROBE.format(root=str(server.ROOT), book=str(tmp_path / "none.duckdb"), seconds=SECONDS_TO_ANSWER)
    isolate = f'ip link set lo up && mount --bind {resolver} /etc/resolv.conf && exec {sys.executable} -c "$PROBE"'
    began = time.monotonic()
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", isolate],
        env=os.environ | {"PROBE": probe},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this machine gives no network namespace")
    assert [line for line in done.stdout.splitlines() if line[:3].isdigit()] == ["403 True", "403 True"], done.stderr
    assert time.monotonic() - began < 60


@pytest.mark.browser
def test_an_address_of_the_network_needs_its_host_names(tmp_path: Path) -> None:
    environment = os.environ | {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "LOANLIGHT_BOOK": str(tmp_path / "none.duckdb")}
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless=true", "--server.port=0"]
    done = subprocess.run(
        command, cwd=server.ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "server.allowedHosts" in done.stderr and "未设置访问所用的主机名" in done.stderr
    assert "Traceback" not in done.stderr
