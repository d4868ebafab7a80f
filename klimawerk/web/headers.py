"""What every answer says to the browser about itself."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

KEPT_FILES = ("X-Content-Type-Options", "Cross-Origin-Resource-Policy")
"""What a static file needs of them: it is not a page, and each header travels with each of them."""


def init_app(app: Flask) -> None:
    app.after_request(_secure)


def _secure(response: Response) -> Response:
    if request.endpoint == "asset" and response.status_code == 200:
        for name in KEPT_FILES:
            response.headers[name] = HEADERS[name]
        return response
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.extensions["klimawerk"].https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html" and not request.path.startswith("/static/"):
        response.vary.add("HX-Request")
    return response
