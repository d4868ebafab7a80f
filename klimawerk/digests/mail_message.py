"""Builds the e-mail message of a stored digest."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from flask import current_app

from klimawerk.digests.models import DigestMail
from klimawerk.digests.unsubscribe_link import unsubscribe_url

STOP = "List-Unsubscribe"


class _LongLinePolicy(EmailPolicy):
    """Writes List-Unsubscribe unfolded: the library would encode a long value, which mail programs do not accept."""

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if name == STOP else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii") if name == STOP else super().fold_binary(name, value)


def build_message(mail: DigestMail, moment: datetime) -> EmailMessage:
    """The message. Raises ValueError if a header value contains a line break."""
    message = EmailMessage(policy=_LongLinePolicy())
    message["From"] = current_app.extensions["klimawerk"].mail_from
    message["To"] = mail.person.email
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message[STOP] = f"<{unsubscribe_url(mail.person)}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = mail.language
    return message
