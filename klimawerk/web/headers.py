"""Security headers: content security policy, HSTS, caching and others, on every response."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, current_app, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

CACHED_FILES = ("X-Content-Type-Options",)
"""The headers that a static file needs: it is no page and holds no secret, and every header costs bytes per file."""


def init_app(app: Flask) -> None:
    app.after_request(_add_headers)


def add_headers_outside_flask(app: Flask) -> None:
    """Add the headers also to long-polling, which is answered before Flask; call it after all other middleware."""
    app.wsgi_app = _HeaderMiddleware(app, app.wsgi_app)  # type: ignore[method-assign]


class _HeaderMiddleware:
    """WSGI middleware that adds the headers a response lacks."""

    def __init__(self, app: Flask, inner: Callable[..., Iterable[bytes]]) -> None:
        self._defaults = [*_headers(app).items(), ("Cache-Control", "no-store")]
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/static/v-"):
            return self._inner(environ, start_response)  # `_add_headers` has set the few that it needs

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            return start_response(
                status, headers + [header for header in self._defaults if header[0].lower() not in present], *more
            )

        return self._inner(environ, start)


def _headers(app: Flask) -> dict[str, str]:
    if app.extensions["klimawerk"].https:
        return {**HEADERS, "Strict-Transport-Security": "max-age=31536000"}
    return HEADERS


def _add_headers(response: Response) -> Response:
    if request.endpoint in ("asset", "words") and response.status_code == 200:
        for name in CACHED_FILES:
            response.headers[name] = HEADERS[name]
        return response
    for name, value in _headers(current_app).items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html" and not request.path.startswith("/static/"):
        response.vary.add("HX-Request")
    return response
