"""Log injection: a client cannot write lines of its own into the log, nor headers into a mail."""

from __future__ import annotations

import logging

import pytest
from flask import Flask

from klimawerk.accounts import mail
from tests.client import ProofReader


@pytest.mark.parametrize("between", ["%0A", "%0D%0A", "%E2%80%A8", "%C2%85"])
def test_an_address_with_line_breaks_is_one_line_of_the_log(
    client: ProofReader, caplog: pytest.LogCaptureFixture, between: str
) -> None:
    caplog.set_level(logging.INFO, "klimawerk")
    assert client.get(f"/nothing{between}{between}500 GET /forged").status_code == 404
    (message,) = [record.getMessage() for record in caplog.records if "nothing" in record.getMessage()]
    assert len(message.splitlines()) == 1
    assert "/forged" in message


def test_a_subject_with_a_line_break_is_a_subject_and_no_header(app: Flask) -> None:
    message = mail._message("from@example.org", "to@example.org", "Hello\r\nBcc: all@example.org", "Text", "en")
    assert message["Subject"] == "Hello Bcc: all@example.org"
    assert message["Bcc"] is None
