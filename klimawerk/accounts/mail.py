"""Mail by SMTP, when the operator has set it up. Sending waits for the network: never inside a transaction."""

from __future__ import annotations

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app

from klimawerk.extensions import socketio
from klimawerk.text import line as one_line

log = logging.getLogger(__name__)
SECONDS = 10


def configured() -> bool:
    return bool(current_app.extensions["klimawerk"].smtp_url)


def send(to: str, subject: str, text: str, *, language: str) -> bool:
    """Send one plain mail; False when there is no server, or it did not take it (the reason is in the log)."""
    config = current_app.extensions["klimawerk"]
    if not config.smtp_url:
        return False
    try:
        deliver(_message(config.mail_from, to, subject, text, language))
    except (OSError, smtplib.SMTPException, ValueError):
        log.exception("a mail was not sent")
        return False
    return True


def send_later(to: str, subject: str, text: str, *, language: str) -> None:
    """Send while the answer is already on its way, so that its time tells nothing."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def work() -> None:
        with app.app_context():
            send(to, subject, text, language=language)

    if configured():
        socketio.start_background_task(work)


def _message(sender: str, to: str, subject: str, text: str, language: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = one_line(subject)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message["Content-Language"] = language
    return message


def deliver(message: EmailMessage) -> None:
    """Hand the mail to the server. Raises OSError, SMTPException or ValueError when it was not taken.

    `smtp://user:password@host:port` speaks TLS as soon as the server offers it; `smtps://` from the start.
    """
    parts = urlsplit(current_app.extensions["klimawerk"].smtp_url)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    tls = ssl.create_default_context()
    server: smtplib.SMTP
    if secure:
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS, context=tls)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=SECONDS)
    with server:
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=tls)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
