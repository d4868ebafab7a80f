"""nginx with the configuration of the README, word for word but for addresses, in front of the real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import socketio
from flask import Flask

from klimawerk.config import ROOT
from tests import factories
from tests.servers import Klimawerk, free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason="nginx and openssl are not installed (Debian: apt install nginx-light openssl)"
)


@pytest.fixture
def site(app: Flask, database_address: str, tmp_path: Path) -> Iterator[Klimawerk]:
    """One process behind nginx; `url` is nginx's."""
    with _behind_nginx(tmp_path, database_address) as server:
        yield server


@pytest.fixture
def busy_site(app: Flask, postgresql_address: str, valkey_address: str, tmp_path: Path) -> Iterator[Klimawerk]:
    """Two processes behind nginx, with PostgreSQL and Valkey."""
    with _behind_nginx(tmp_path, postgresql_address, WORKERS="2", KLIMAWERK_REDIS_URL=valkey_address) as server:
        yield server


def test_people_sign_in_and_connect_through_nginx(site: Klimawerk) -> None:
    person = factories.person()
    assert "klimawerk_session" in site.session(person).cookies
    for transport in ("websocket", "polling"):
        client = site.socket(person, transports=(transport,))
        assert client.transport() == transport
        assert client.call("watch", {"topics": []}, timeout=5)["ok"]
        client.disconnect()


def test_strangers_get_a_login_page_over_tls_and_no_socket(site: Klimawerk) -> None:
    session = requests.Session()
    session.verify, session.trust_env = site.verify, False
    answer = session.get(f"{site.url}/login", timeout=5)
    assert all(cookie.secure for cookie in session.cookies)
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert answer.headers["Content-Encoding"] == "gzip"
    client = socketio.Client(reconnection=False, http_session=session)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(site.url, transports=["polling"], auth={"v": 1})


def test_several_processes_serve_one_browser_by_polling(busy_site: Klimawerk) -> None:
    for _ in range(4):
        client = busy_site.socket(factories.person(), transports=("polling",))
        for _ in range(3):
            assert client.call("watch", {"topics": []}, timeout=5)["ok"]
        client.disconnect()


@contextmanager
def _behind_nginx(folder: Path, database: str, **settings: str) -> Iterator[Klimawerk]:
    port = free_port()
    certificate = _certificate(folder)
    url = f"https://localhost:{port}"
    server = Klimawerk(folder, database, KLIMAWERK_PUBLIC_URL=url, KLIMAWERK_TRUSTED_PROXIES="1", **settings)
    server.start()
    process = _start(folder, _configuration(port, server), port)
    server.url, server.verify = url, str(certificate)
    try:
        yield server
    finally:
        process.terminate()
        process.wait()
        server.close()


def _configuration(port: int, server: Klimawerk) -> str:
    """The README's, with this machine's addresses."""
    blocks = re.findall(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    text = next(block for block in blocks if "proxy_pass" in block)
    servers = "".join(f"    server 127.0.0.1:{server.port + n};\n" for n in range(server.workers))
    for wanted, here in (
        ("    server 127.0.0.1:8000;\n", servers),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("server_name klimawerk.example.org", "server_name localhost"),
        ("/etc/ssl/certs/klimawerk.pem", "klimawerk.pem"),
        ("/etc/ssl/private/klimawerk.key", "klimawerk.key"),
    ):
        assert wanted in text
        text = text.replace(wanted, here)
    return text


def _start(folder: Path, site: str, port: int) -> subprocess.Popen[bytes]:
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    assert NGINX
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    until = time.monotonic() + 10
    while True:
        try:
            requests.get(f"https://localhost:{port}/healthz", timeout=2, verify=str(folder / "klimawerk.pem"))
            return process
        except requests.ConnectionError:
            assert process.poll() is None, (folder / "nginx.log").read_text()
            assert time.monotonic() < until, "nginx does not answer"
            time.sleep(0.05)


def _certificate(folder: Path) -> Path:
    assert OPENSSL
    command = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "klimawerk.key", "-out", "klimawerk.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "klimawerk.pem"
