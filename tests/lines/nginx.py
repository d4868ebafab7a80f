"""nginx with the configuration of the README (only addresses differ) in front of the real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from klimawerk.config import ROOT
from tests.servers import KlimawerkServer, free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
OPENSSL = shutil.which("openssl")
INSTALLED = bool(NGINX and OPENSSL)
MISSING = "nginx and openssl are not installed (Debian: apt install nginx-light openssl)"

# For the tests only: which process answered.
_PROCESS = "        add_header X-Process $upstream_addr always;\n"


@contextmanager
def behind_nginx(folder: Path, database: str, **settings: str) -> Iterator[KlimawerkServer]:
    """The running server; its `url` is nginx's. Each response names its process as X-Process (host:port)."""
    assert INSTALLED, MISSING
    port = free_port()
    certificate = _certificate(folder)
    url = f"https://localhost:{port}"
    named = {"KLIMAWERK_PUBLIC_URL": url, "KLIMAWERK_TRUSTED_PROXIES": "1", **settings}
    server = KlimawerkServer(folder, database, settings=named)
    server.start()
    process = _start(folder, _configuration(port, server), port)
    server.url, server.verify = url, str(certificate)
    try:
        yield server
    finally:
        process.terminate()
        process.wait()
        server.close()


def _configuration(port: int, server: KlimawerkServer) -> str:
    """The README's configuration with this machine's addresses."""
    blocks = re.findall(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    text: str = next(block for block in blocks if "proxy_pass" in block)
    servers = "".join(f"    server 127.0.0.1:{server.port + n};\n" for n in range(server.workers))
    for wanted, here in (
        ("    server 127.0.0.1:8000;\n", servers),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("server_name klimawerk.example.org", "server_name localhost"),
        ("/etc/ssl/certs/klimawerk.pem", "klimawerk.pem"),
        ("/etc/ssl/private/klimawerk.key", "klimawerk.key"),
        ("        proxy_http_version 1.1;\n", f"        proxy_http_version 1.1;\n{_PROCESS}"),
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
