"""The start page after sign-in: own partnerships, and joint requests that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from klimawerk.accounts.access import signed_in
from klimawerk.partnerships import joint_requests, partnership_labels, programme_hooks
from klimawerk.partnerships.access import Member, my_memberships
from klimawerk.partnerships.models import JointRequest
from klimawerk.partnerships.rights import Right

blueprint = Blueprint("start", __name__)


@dataclass(frozen=True)
class PartnershipCard:
    """One partnership on the start page."""

    member: Member
    name: str
    language: str
    programmes: list[programme_hooks.ProgrammeCard]
    asked: list[JointRequest]


@blueprint.get("/")
def index() -> str:
    cards = [_card(member) for member in my_memberships(signed_in()) if not member.partnership.practice_of]
    return render_template("partnerships/start.html", places=cards, request_words=partnership_labels.request_phrase)


def _card(member: Member) -> PartnershipCard:
    partnership = member.partnership
    asked = joint_requests.open_requests(partnership.id) if member.may(Right.ADMINISTER) else []
    return PartnershipCard(
        member,
        *partnership_labels.text_for_reader(partnership.name),
        programme_hooks.programme_cards(partnership.id),
        [request for request in asked if request.side != member.side],
    )
