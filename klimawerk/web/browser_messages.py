"""Interface messages that the browser shows by itself, in the user's locale; static/js/messages.js reads them.

The browser fills in placeholders such as {n} and {name}. A count chooses between keys ending in .one and .many.
"""

from __future__ import annotations

import json
from functools import cache

from flask_babel import LazyString, get_locale, lazy_gettext
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

MESSAGES: dict[str, LazyString] = {
    # Save status in the bar, in a few words
    "short.saved": lazy_gettext("Saved"),
    "short.connecting": lazy_gettext("Connecting …"),
    "short.waiting.one": lazy_gettext("{n} waits"),
    "short.waiting.many": lazy_gettext("{n} wait"),
    "short.offline": lazy_gettext("Offline since {time}"),
    "short.conflict.one": lazy_gettext("{n} field with two values"),
    "short.conflict.many": lazy_gettext("{n} fields with two values"),
    "short.refused": lazy_gettext("Not accepted"),
    # The whole sentence below the bar
    "saved": lazy_gettext("Everything is saved."),
    "connecting": lazy_gettext("Connecting …"),
    "waiting.one": lazy_gettext("{n} change not sent yet. Keep writing."),
    "waiting.many": lazy_gettext("{n} changes not sent yet. Keep writing."),
    "keeping": lazy_gettext("Being kept on this device …"),
    "unkept": lazy_gettext("Not kept on this device: copy it, and do not close this page."),
    "offline": lazy_gettext("Offline since {time}."),
    "unable": lazy_gettext("The server cannot store anything just now."),
    "unable.keep": lazy_gettext("Keep writing: it is kept here and sent as soon as it can be."),
    "conflict.one": lazy_gettext("{n} field has two values. Please choose one."),
    "conflict.many": lazy_gettext("{n} fields have two values. Please choose for each."),
    "stuck.one": lazy_gettext("{n} change could not be sent. Your words are kept here."),
    "stuck.many": lazy_gettext("{n} changes could not be sent. Your words are kept here."),
    "refused": lazy_gettext("Something was not accepted. Your words are at the field."),
    # Save status at a field or text
    "field.saved": lazy_gettext("Saved"),
    "field.waiting": lazy_gettext("Not sent yet"),
    "field.offline": lazy_gettext("Waiting for the connection"),
    "field.refused": lazy_gettext("Not accepted"),
    "note.away": lazy_gettext("This can be edited once the connection is back."),
    "change.move": lazy_gettext("A line moved"),
    # Pending changes in this browser
    "panel.show": lazy_gettext("Show"),
    "panel.title": lazy_gettext("Not sent yet"),
    "panel.nothing": lazy_gettext("Nothing waits here. Everything is saved."),
    "panel.waiting": lazy_gettext(
        "This is kept on this device and goes out by itself as soon as there is a connection."
    ),
    "panel.sending": lazy_gettext("This is kept on this device and is on its way."),
    "panel.stuck": lazy_gettext("This can no longer be sent by itself. Copy what you still need, then discard it."),
    "panel.since": lazy_gettext("since {time}"),
    "panel.no-words": lazy_gettext("(deleted or formatted)"),
    "panel.discard": lazy_gettext("Discard"),
    "panel.download": lazy_gettext("Save as a text file"),
    "panel.close": lazy_gettext("Close"),
    "waiting.here.one": lazy_gettext("{n} change is not sent yet."),
    "waiting.here.many": lazy_gettext("{n} changes are not sent yet."),
    "leaving.title": lazy_gettext("Sign out?"),
    "leaving.why": lazy_gettext("They stay on this device and are sent when you sign in here again."),
    "leaving.lost": lazy_gettext("What is not kept on this device is lost when you sign out."),
    "leaving.stay": lazy_gettext("Stay signed in"),
    "leaving.go": lazy_gettext("Sign out"),
    "away.title": lazy_gettext("You were away for more than a day"),
    "away.why": lazy_gettext(
        "Meanwhile others may have changed what you have written in. Your own changes are not sent yet."
    ),
    "away.gone": lazy_gettext("This is no longer open to you, or was deleted."),
    "away.unknown": lazy_gettext("What others changed here cannot be fetched at the moment."),
    "away.send": lazy_gettext("Send my changes now"),
    "away.look": lazy_gettext("Look at my changes first"),
    "kept": lazy_gettext("You are offline. This page is as it was at {time}."),
    # Text that could not be saved, offered for copying
    "offer.copy": lazy_gettext("Copy"),
    "offer.copied": lazy_gettext("Copied"),
    "offer.done": lazy_gettext("Done, take this away"),
    "offer.yours": lazy_gettext("Your entry"),
    "offer.refused": lazy_gettext("This could not be saved. Copy it if you still need it."),
    "offer.locked": lazy_gettext("Closed for editing. Your last words are here, they were not saved."),
    "offer.forbidden": lazy_gettext("You may no longer write here. Your last words were not saved."),
    "offer.invalid": lazy_gettext("Your last words were not accepted. Copy them and put them in again."),
    "offer.too_large": lazy_gettext("This was too much at once. Copy it and put it in again in parts."),
    "offer.revoked": lazy_gettext("You can no longer open this. Your last words were not saved."),
    "offer.deleted": lazy_gettext("This was deleted. Your last words were not saved."),
    "offer.restored": lazy_gettext(
        "An earlier copy was brought back. Your last words are not in it; copy them if they are missing."
    ),
    "offer.swept": lazy_gettext("Somebody took away or brought back the paragraph you wrote in. Your words are here."),
    "offer.outdated": lazy_gettext("This page is too old to save. Copy your last words, then load it again."),
    # Input in a field that is closed for editing
    "closed.kept": lazy_gettext("Your entry is not saved. It stays here, and can be sent when this is open again."),
    "closed.open": lazy_gettext("This is open for editing again. Your entry here is not saved yet."),
    "closed.send": lazy_gettext("Send now"),
    # A text that cannot be edited now
    "note.waiting": lazy_gettext("The text is on its way. You can write in a moment."),
    "note.role": lazy_gettext("You can read this text, not change it."),
    "note.deep": lazy_gettext("Lists cannot be nested more deeply."),
    "note.locked": lazy_gettext("Closed for editing. {reason}"),
    "note.locked.by": lazy_gettext("Closed for editing by {by}. {reason}"),
    "note.revoked": lazy_gettext("You can no longer open this text."),
    "note.deleted": lazy_gettext("This was deleted."),
    "note.outdated": lazy_gettext("This page is too old for writing. Please load it again."),
    # The toolbar of a long text
    "toolbar": lazy_gettext("Format: {label}"),
    "toolbar.paragraph": lazy_gettext("Paragraph"),
    "toolbar.heading3": lazy_gettext("Heading"),
    "toolbar.heading4": lazy_gettext("Subheading"),
    "toolbar.bullets": lazy_gettext("List"),
    "toolbar.numbers": lazy_gettext("Numbered list"),
    "toolbar.bold": lazy_gettext("Bold"),
    "toolbar.italic": lazy_gettext("Italic"),
    "toolbar.link": lazy_gettext("Link"),
    "toolbar.undo": lazy_gettext("Undo"),
    "toolbar.redo": lazy_gettext("Redo"),
    "link.address": lazy_gettext("Address of the link"),
    "link.set": lazy_gettext("Set link"),
    "link.remove": lazy_gettext("Remove link"),
    "link.refused": lazy_gettext(
        "Please give an address with https://, http:// or mailto:, without blanks, of at most 2,000 characters."
    ),
    # What was left out of pasted content
    "paste.struck.one": lazy_gettext("{n} struck passage left out."),
    "paste.struck.many": lazy_gettext("{n} struck passages left out."),
    "paste.pictures.one": lazy_gettext(
        "{n} picture left out: pictures cannot be stored here. Describe it in words, or set a link."
    ),
    "paste.pictures.many": lazy_gettext(
        "{n} pictures left out: pictures cannot be stored here. Describe them in words, or set a link."
    ),
    "paste.links.one": lazy_gettext("{n} link left out, its words are here: no possible address."),
    "paste.links.many": lazy_gettext("{n} links left out, their words are here: no possible addresses."),
    # A comment that is being sent
    "comments.yours": lazy_gettext("Your comment"),
    "comments.passage": lazy_gettext("Comment on these words"),
    "comments.here": lazy_gettext("Comment"),
    "comments.people": lazy_gettext("People with this name"),
    # Presence
    "people.item": lazy_gettext("Here now: {names}"),
    "people.field.one": lazy_gettext("{names} is here"),
    "people.field.many": lazy_gettext("{names} are here"),
    # One writing language
    "writing.elsewhere": lazy_gettext("Everybody writes in {language} now."),
    "writing.changed": lazy_gettext("Everybody writes in {language} from now on. What you have written stays here."),
    "writing.gone": lazy_gettext(
        "{language} is no working language any more. What you have written here is kept, and shown again with it."
    ),
    "writing.go": lazy_gettext("Go there"),
    # Signing in again without leaving the page
    "relogin.title": lazy_gettext("Please sign in again"),
    "relogin.why": lazy_gettext("Your sign-in has ended. Everything on this page is kept and will be saved."),
    "relogin.email": lazy_gettext("E-mail"),
    "relogin.password": lazy_gettext("Password"),
    "relogin.submit": lazy_gettext("Sign in"),
    "relogin.wrong": lazy_gettext("E-mail or password is not right."),
    "relogin.later": lazy_gettext("Too many attempts. Please wait a minute."),
    "relogin.offline": lazy_gettext("No connection. Please try again in a moment."),
    # About how much this tab has moved
    "volume": lazy_gettext("About {size} MB since {time}"),
    # A newer server
    "reload": lazy_gettext("There is a newer version of this page."),
    "reload.now": lazy_gettext("Load it now"),
}


LATER_MESSAGES = (
    *(
        "away.",
        "change.",
        "closed.",
        "comments.",
        "leaving.",
        "link.",
        "panel.",
        "paste.",
        "people.",
        "relogin.",
        "stuck.",
        "reload",
        "toolbar",
        "unable",
        "volume",
        "waiting.here",
        "writing.",
        "kept",
    ),
    *("note.deep", "note.deleted", "note.locked", "note.outdated", "note.revoked", "note.role", "note.waiting"),
    *(
        "offer.copied",
        "offer.copy",
        "offer.deleted",
        "offer.done",
        "offer.forbidden",
        "offer.invalid",
        "offer.locked",
        "offer.outdated",
        "offer.refused",
        "offer.restored",
    ),
    *("offer.revoked", "offer.swept", "offer.too_large"),
)
"""Prefixes of the keys that a first paint does not need: messages of the editor, the store, presence, server errors.
The browser fetches them when it needs the first one (`loadLaterMessages` in messages.js)."""


def page_messages() -> Markup:
    """The messages needed at first paint, in the current locale, as JSON for a <script>."""
    return _page_messages(str(get_locale()))


@cache
def _page_messages(_locale: str) -> Markup:
    messages = {key: str(message) for key, message in MESSAGES.items() if not key.startswith(LATER_MESSAGES)}
    return htmlsafe_json_dumps(messages)


def later_messages() -> bytes:
    """The remaining messages in the current locale, as JSON."""
    messages = {key: str(message) for key, message in MESSAGES.items() if key.startswith(LATER_MESSAGES)}
    return json.dumps(messages, ensure_ascii=False, separators=(",", ":")).encode()
