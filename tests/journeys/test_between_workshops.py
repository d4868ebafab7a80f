"""Between two workshops: a comment from a train, an answer, an outcome, and one mail that tells what was missed."""

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
    train = page_for(reviewer, path=comments, viewport={"width": 320, "height": 640})
    desk = page_for(editor, path=comments)
    for page in (train, desk):
        ready(page)

    train.context.set_offline(True)
    send(train, "Who pays for the bins?")
    expect(train.locator(".pending")).to_contain_text("Waiting for the connection")
    assert table.comments == []
    train.context.set_offline(False)
    thread = desk.locator("#thread-1")
    expect(thread.locator(".comment .words")).to_have_text("Who pays for the bins?")  # appears by itself
    expect(train.locator(".pending")).to_have_count(0)
    wait_until_nothing_is_kept(train)
    assert [comment.words for comment in table.comments] == ["Who pays for the bins?"]
    train.close()

    send(desk, "The city does.", "#reply-1")
    expect(thread.locator(".comment")).to_have_count(2)
    thread.locator("details", has=desk.locator("[name=outcome]")).locator("summary").click()
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
    told = words(mail)
    assert "The city does." in told
    assert "Paid by Wiesenbrück." in told
    assert told.index("The city does.") < told.index("Paid by Wiesenbrück.")
    assert "Just between us." not in told
    assert told.count("The city does.") == 1
    assert f"/threads/1#comment-{table.comments[1].id}" in told
    assert mail["Content-Language"] == "en"
