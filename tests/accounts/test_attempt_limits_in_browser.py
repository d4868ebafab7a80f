"""The sign-in dialog over a page whose session has ended says how long to wait."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from flask import Flask
from playwright.sync_api import Browser, expect

from klimawerk.accounts import service
from tests import factories
from tests.accounts.test_signing_in import token_in
from tests.browsers import Windows
from tests.servers import KlimawerkServer


@pytest.mark.slow
def test_the_dialog_over_a_page_says_when_to_try_again(
    app: Flask, database_address: str, tmp_path: Path, browser: Browser
) -> None:
    team = factories.partnership()
    measure, person = factories.measure(factories.programme(team)), team.de["editor"]
    server = KlimawerkServer(tmp_path, database_address, born=True, KLIMAWERK_RATE_LIMITS="on")
    server.start()
    windows = Windows(browser, server.url)
    try:
        page = windows.open(person, path=f"/measures/{measure.id}")
        page.locator("#save-state[data-state=saved]").wait_for()
        page.context.clear_cookies()
        for _ in range(8):
            with requests.Session() as session:
                token = token_in(session.get(f"{server.url}/login", timeout=10).text)
                data = {"email": person.email, "password": "wrong", "csrf_token": token}
                assert session.post(f"{server.url}/login", data=data, timeout=10).status_code == 422
        service.sign_out_everywhere(person, by=None)
        dialog = page.locator("dialog#relogin")
        dialog.locator("input[name=email]").fill(person.email)
        dialog.locator("input[name=password]").fill(factories.PASSWORD)
        dialog.locator("button").click()
        expect(dialog.locator("[role=alert]")).to_have_text(
            re.compile(r"^Zu viele Versuche\. Versuchen Sie es in \d+ Sekunden? wieder\.$")
        )
    finally:
        windows.close()
        server.close()
