"""Sending of mail by SMTP, if the operator has configured it. It waits for the network: never in a transaction."""

from __future__ import annotations

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app

from klimawerk.text import line as one_line

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10


def configured() -> bool:
    return bool(current_app.extensions["klimawerk"].smtp_url)


def send(to: str, subject: str, text: str, *, language: str) -> bool:
    """Send a plain-text mail; False if no server is configured, or it refused the mail (the reason is logged)."""
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
    """Send in the background, so that the time of the response does not disclose whether a mail is sent."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def work() -> None:
        with app.app_context():
            send(to, subject, text, language=language)

    if configured():
        app.extensions["live"].server.start_background_task(work)


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
    """Deliver the mail to the SMTP server. Raises OSError, SMTPException or ValueError if it was not accepted.

    `smtp://user:password@host:port` uses STARTTLS if the server offers it; `smtps://` uses TLS from the start.
    """
    parts = urlsplit(current_app.extensions["klimawerk"].smtp_url)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    tls = ssl.create_default_context()
    server: smtplib.SMTP
    if secure:
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=tls)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
    with server:
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=tls)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
