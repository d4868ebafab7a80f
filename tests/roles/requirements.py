"""Role matrix: the permission that each route and each socket event requires.

The tests compare the application with this table; they fail for a route or event that has no line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from klimawerk.partnerships.rights import Right

ALSO, ONLY = "also", "only"
ANYBODY, ACCOUNT, OPERATOR = "anybody", "an account", "an operator"


@dataclass(frozen=True)
class Requirement:
    """`who`: one of the three above, or a right in the partnership. `side`: only for members of that side.

    `author`: the author fulfils the requirement, too (ALSO), or only the author does (ONLY).
    """

    who: str | Right
    side: str = ""
    author: str = ""


_A, _S = Requirement(ANYBODY), Requirement(ACCOUNT)
_READ, _COMMENT, _EDIT = Requirement(Right.READ), Requirement(Right.COMMENT), Requirement(Right.EDIT)
_MODERATE, _FIX, _EXPORT = Requirement(Right.MODERATE), Requirement(Right.FIX), Requirement(Right.EXPORT)
_ADMINISTER = Requirement(Right.ADMINISTER)
_INVITE, _INVITE_OWN = Requirement(Right.INVITE), Requirement(Right.INVITE, "de")
_ADMINISTER_OWN = Requirement(Right.ADMINISTER, "de")

ROUTES: dict[str, Requirement] = {
    "GET accounts.account": _S,
    "GET accounts.confirm": _A,
    "GET accounts.forgot": _A,
    "GET accounts.login": _A,
    "GET accounts.login_form": _A,
    "GET accounts.record": Requirement(OPERATOR),
    "GET accounts.reset": _A,
    "GET accounts.unconfirmed": Requirement(OPERATOR),
    "GET asset": _A,
    "GET collab.document": _A,  # the address holds a secret key that is valid for a minute
    "GET comments.changes": _READ,
    "GET comments.comments": _READ,
    "GET comments.panel": _READ,
    "GET comments.passages": _READ,
    "GET comments.people": _READ,
    "GET comments.thread": _READ,
    "GET comments.thread_changes": _READ,
    "GET digests.stop": _A,
    "GET digests.waiting": Requirement(OPERATOR),
    "GET editions.changes": _READ,
    "GET editions.compare": _READ,
    "GET editions.edition": _READ,
    "GET editions.export": _EXPORT,
    "GET editions.index": _READ,
    "GET exchange.choose": _S,
    "GET exchange.export": _EXPORT,
    "GET exchange.look": _S,
    "GET exchange.paste_measures": _EDIT,
    "GET exchange.paste_rows": _EDIT,
    "GET exchange.state": _S,
    "GET goals.goal": _READ,
    "GET health.show": _A,
    "GET invitations.open_invitation": _A,
    "GET measures.measure": _READ,
    "GET offline": _A,
    "GET overview.bin_page": _EDIT,
    "GET overview.line": _READ,
    "GET overview.order": _EDIT,
    "GET overview.outline": _READ,
    "GET overview.overview_changes": _READ,
    "GET overview.overview_page": _READ,
    "GET overview.programme": _READ,
    "GET overview.talks": _READ,
    "GET partnerships.joint": _READ,
    "GET partnerships.municipality": _ADMINISTER_OWN,
    "GET partnerships.new": _S,
    "GET partnerships.people": _READ,
    "GET partnerships.settings": _ADMINISTER,
    "GET privacy.erase": _S,
    "GET search.search": _S,
    "GET service_worker": _A,
    "GET sheets.changes": _READ,
    "GET sheets.field_form_page": _EDIT,
    "GET sheets.forms": _EDIT,
    "GET sheets.meanwhile": _READ,
    "GET sheets.row_form_page": _EDIT,
    "GET start.index": _S,
    "GET versions.changes": _READ,
    "GET versions.compare": _READ,
    "GET versions.history": _READ,
    "GET versions.panel": _READ,
    "GET versions.version": _READ,
    "GET versions.who": _READ,
    "GET web.info": _A,
    "GET words": _A,
    "POST accounts.account": _S,
    "POST accounts.ask_to_confirm": _S,
    "POST accounts.confirm": _A,
    "POST accounts.confirm_account": Requirement(OPERATOR),
    "POST accounts.device": _S,
    "POST accounts.forgot": _A,
    "POST accounts.login": _A,
    "POST accounts.logout": _A,
    "POST accounts.logout_everywhere": _S,
    "POST accounts.password": _S,
    "POST accounts.reset": _A,
    "POST comments.accept": _EDIT,
    "POST comments.assign": _EDIT,
    "POST comments.begin": _COMMENT,
    "POST comments.delete": Requirement(Right.MODERATE, author=ALSO),
    "POST comments.edit": Requirement(Right.COMMENT, author=ONLY),
    "POST comments.propose": _COMMENT,
    "POST comments.read": _READ,
    "POST comments.reopen": _EDIT,
    "POST comments.reply": _COMMENT,
    "POST comments.resolve": _EDIT,
    "POST comments.translate": _READ,
    "POST digests.choice": _S,
    "POST digests.stop_now": _A,
    "POST digests.try_again": Requirement(OPERATOR),
    "POST editions.make": _FIX,
    "POST editions.name": _FIX,
    "POST exchange.cancel": _S,
    "POST exchange.choose": _S,
    "POST exchange.open_practice": _S,
    "POST exchange.paste_measures": _EDIT,
    "POST exchange.paste_rows": _EDIT,
    "POST exchange.read_pasted": _S,
    "POST exchange.reset_practice": _S,
    "POST exchange.take": _S,
    "POST goals.create": _EDIT,
    "POST goals.move": _EDIT,
    "POST invitations.invite": _INVITE,
    "POST invitations.open_invitation": _A,
    "POST invitations.resend": _INVITE_OWN,
    "POST invitations.withdraw": _INVITE_OWN,
    "POST measures.create": _EDIT,
    "POST measures.create_first": _EDIT,
    "POST measures.move": _EDIT,
    "POST news.mark_seen": _S,
    "POST overview.delete": _EDIT,
    "POST overview.restore": _EDIT,
    "POST partnerships.add_municipality": _ADMINISTER,
    "POST partnerships.answer": _ADMINISTER,
    "POST partnerships.ask": _ADMINISTER,
    "POST partnerships.change_member": _INVITE_OWN,
    "POST partnerships.end_member": _INVITE_OWN,
    "POST partnerships.leave": _READ,
    "POST partnerships.municipality": _ADMINISTER_OWN,
    "POST partnerships.new": _S,
    "POST partnerships.remove_municipality": _ADMINISTER_OWN,
    "POST partnerships.reset_link": _INVITE_OWN,
    "POST partnerships.settings": _ADMINISTER,
    "POST privacy.erase": _S,
    "POST sheets.add_row": _EDIT,
    "POST sheets.delete_row": _EDIT,
    "POST sheets.lock": _MODERATE,
    "POST sheets.move_row": _EDIT,
    "POST sheets.restore_row": _EDIT,
    "POST sheets.set_cell": _EDIT,
    "POST sheets.set_field": _EDIT,
    "POST sheets.set_writing_language": _EDIT,
    "POST sheets.settle": _EDIT,
    "POST sheets.unlock": _MODERATE,
    "POST versions.keep": _EDIT,
    "POST versions.name": _ADMINISTER,
    "POST versions.restore": _EDIT,
}

EVENTS: dict[str, Requirement] = {
    "connect": _S,
    "disconnect": _A,
    "doc:awareness": _READ,
    "doc:join": _READ,
    "doc:leave": _READ,
    "doc:update": _EDIT,
    "here": _READ,
    "quiet": _S,
    "unwatch": _S,
    "watch": _READ,
}
