"""After signing in again in the dialog all CSRF tokens of the page are renewed, also in plain forms."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from tests import factories
from tests.comments.conftest import table
from tests.editor.conftest import SheetWindow, measure, sheet_for, team
from tests.factories import Team

__all__ = ["measure", "sheet_for", "table", "team"]


def sign_in_in_place(page: Page, email: str) -> None:
    dialog = page.locator("dialog#relogin")
    dialog.locator("input[name=email]").fill(email)
    dialog.locator("input[name=password]").fill(factories.PASSWORD)
    dialog.locator("button").click()
    expect(dialog).to_have_count(0)


def test_a_plain_form_that_was_open_while_its_person_signed_in_again_is_taken(
    team: Team, sheet_for: Callable[..., SheetWindow], measure: Measure
) -> None:
    person = team.partner["coordinator"]
    window = sheet_for(person)
    page = window.page
    reason = page.locator(f"form[action='/items/{measure.id}/lock'] input[name=reason]")
    page.locator("details").filter(has=reason).locator("summary").first.click()
    reason.fill("We vote.")
    page.context.clear_cookies()
    page.context.set_offline(True)
    page.context.set_offline(False)
    sign_in_in_place(page, person.email)
    tokens = page.locator("input[name=csrf_token]").evaluate_all("(all) => all.map(({ value }) => value)")
    assert set(tokens) == {page.locator("meta[name=csrf-token]").get_attribute("content")}
    assert len(tokens) > 5
    reason.press("Enter")
    expect(page.get_by_text("We vote.")).to_be_visible()


def test_without_a_script_the_form_of_another_window_comes_back_and_stands_at_its_page(
    team: Team, sheet_for: Callable[..., SheetWindow], measure: Measure
) -> None:
    """The form is sent with the token of another session, without the script renewing it."""
    person = team.partner["coordinator"]
    of_another_session = sheet_for(person).page.locator("meta[name=csrf-token]").get_attribute("content")
    page = sheet_for(person).page
    reason = page.locator(f"form[action='/items/{measure.id}/lock'] input[name=reason]")
    page.locator("details").filter(has=reason).locator("summary").first.click()
    reason.fill("We vote.")
    form = page.locator(f"form[action='/items/{measure.id}/lock']")
    form.evaluate("(form, token) => (form.elements.csrf_token.value = token)", of_another_session)
    reason.press("Enter")
    expect(page.locator("#again")).to_be_visible()
    expect(reason).to_have_value("We vote.")
    page.wait_for_url(f"**/measures/{measure.id}")
    reason.press("Enter")
    expect(page.locator("#again")).to_have_count(0)
    expect(page.get_by_text("We vote.")).to_be_visible()


def test_a_form_that_is_sent_while_the_dialog_is_away_comes_back_after_the_sign_in(
    team: Team, page_for: Callable[..., Page]
) -> None:
    """A user who closes the dialog (Escape) and presses the form's own button loses nothing either."""
    person = team.de["coordinator"]
    page = page_for(person, path=f"/partnerships/{team.partnership.id}/members")
    page.locator("#save-state[data-state=saved]").wait_for()
    form = page.locator("form[action$='/invitations']")
    form.locator("input[name=email]").fill("new@example.org")
    page.context.clear_cookies()
    page.context.set_offline(True)
    page.context.set_offline(False)
    page.locator("dialog#relogin").wait_for()
    page.keyboard.press("Escape")
    form.locator("button").click()
    page.locator("main input[name=password]").fill(factories.PASSWORD)
    page.locator("main input[name=email]").fill(person.email)
    page.locator("main input[name=password]").press("Enter")
    expect(page.locator("#again")).to_be_visible()
    expect(form.locator("input[name=email]")).to_have_value("new@example.org")
