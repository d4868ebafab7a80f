"""User journey between two workshops: an offline comment, a reply, an outcome, and one digest mail about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from klimawerk.clock import now
from klimawerk.digests import preferences, sending
from tests.comments.conftest import Table
from tests.comments.conftest import table as table
from tests.comments.test_live_threads import ready, send
from tests.digests.conftest import with_mail, words
from tests.mailbox import Mailbox
from tests.offline.browser_store import wait_until_nothing_is_kept


def test_a_comment_from_a_train_is_answered_and_the_morning_mail_tells_it(
    any_database: str, table: Table, page_for: Callable[..., Page], smtp: Mailbox
) -> None:
    with_mail(table.app, smtp.url)
    reviewer, editor = table.person("reviewer", "partner"), table.person()
    preferences.mark_new_memberships(now())
    for person in table.team.everybody():
        preferences.set_preference(person, frequency="daily" if person is reviewer else "never", hour=7, weekday=0)
    comments = f"/items/{table.measure.id}/comments"
    reviewer_page = page_for(reviewer, path=comments, viewport={"width": 320, "height": 640})
    editor_page = page_for(editor, path=comments)
    for page in (reviewer_page, editor_page):
        ready(page)

    reviewer_page.context.set_offline(True)
    send(reviewer_page, "Who pays for the bins?")
    expect(reviewer_page.locator(".pending")).to_contain_text("Waiting for the connection")
    assert table.comments == []
    reviewer_page.context.set_offline(False)
    thread = editor_page.locator("#thread-1")
    expect(thread.locator(".comment .words")).to_have_text("Who pays for the bins?")  # appears by itself
    expect(reviewer_page.locator(".pending")).to_have_count(0)
    wait_until_nothing_is_kept(reviewer_page)
    assert [comment.words for comment in table.comments] == ["Who pays for the bins?"]
    reviewer_page.close()

    send(editor_page, "The city does.", "#reply-1")
    expect(thread.locator(".comment")).to_have_count(2)
    thread.locator("details", has=editor_page.locator("[name=outcome]")).locator("summary").click()
    thread.locator("[name=outcome]").fill("Paid by Wiesenbrück.")
    thread.locator("[name=outcome]").press("Enter")
    expect(thread).to_contain_text("Paid by Wiesenbrück.")
    table.thread("Just between us.", side="de", by=table.member("coordinator"))

    accra = ZoneInfo("Africa/Accra")
    morning = (now() + timedelta(days=1)).astimezone(accra).replace(hour=7, minute=0, second=0, microsecond=0)
    sending.send_due(morning)
    sending.send_due(morning + timedelta(minutes=5))
    (mail,) = smtp.messages
    assert mail["To"] == reviewer.email
    mail_text = words(mail)
    assert "The city does." in mail_text
    assert "Paid by Wiesenbrück." in mail_text
    assert mail_text.index("The city does.") < mail_text.index("Paid by Wiesenbrück.")
    assert "Just between us." not in mail_text
    assert mail_text.count("The city does.") == 1
    assert f"/threads/1#comment-{table.comments[1].id}" in mail_text
    assert mail["Content-Language"] == "en"
