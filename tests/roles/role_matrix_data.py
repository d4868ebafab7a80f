"""Data of the role matrix: a person for each role, and one object for each URL parameter."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule

from klimawerk.accounts.models import Person
from klimawerk.comments.service import CommentInput, ThreadSubject, open_thread
from klimawerk.editions import service as editions
from klimawerk.extensions import db
from klimawerk.live import topic_access
from klimawerk.measures.models import Measure
from klimawerk.partnerships import invitations, joint_requests
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.rights import Right, allows
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Conflict
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions import service as versions
from tests import factories
from tests.factories import Team
from tests.roles.requirements import ACCOUNT, ANYBODY, ONLY, Requirement

VISITOR, NO_MEMBER, OTHER, FORMER, OPERATING = (
    "a visitor",
    "somebody of no partnership",
    "a coordinator of another partnership",
    "a former member",
    "an operator of no partnership",
)
QUERIES = {"versions.compare": "?from=1&to=now", "editions.compare": "?from=1&to=now"}
SECRET = "Kläranlage Geheimtal"  # in every title; must not be disclosed to non-members


@dataclass(frozen=True)
class Role:
    """`person` is None for an anonymous visitor; `role` and `side` are empty for non-members."""

    name: str
    person: Person | None
    role: str = ""
    side: str = ""

    def fulfils(self, requirement: Requirement) -> bool:
        who = requirement.who
        if not isinstance(who, Right):
            return who == ANYBODY or (who == ACCOUNT and self.person is not None) or self.is_operator
        if requirement.author and self.is_author:
            return True
        return allows(self.role, who) and requirement.side in ("", self.side) and requirement.author != ONLY

    @property
    def is_author(self) -> bool:
        return (self.role, self.side) == ("editor", "de")

    @property
    def is_operator(self) -> bool:
        return self.name == OPERATING


@dataclass(frozen=True)
class World:
    team: Team
    programme: Programme
    measure: Measure
    known: dict[str, Any]

    def roles(self) -> list[Role]:
        team = self.team
        former = factories.member(
            team.partnership, "de", "coordinator", from_date=date(2024, 1, 1), to_date=date(2024, 12, 31)
        )
        inside = [
            Role(f"{role}, {side}", person, role, side)
            for side, people in (("de", team.de), ("partner", team.partner))
            for role, person in people.items()
        ]
        return [
            *inside,
            Role("moderator, neutral", team.moderator, "moderator", "neutral"),
            Role(VISITOR, None),
            Role(NO_MEMBER, factories.person()),
            Role(OTHER, factories.partnership("Anderstadt", "Otherton").de["coordinator"]),
            Role(FORMER, former),
            Role(OPERATING, factories.person(operator=True)),
        ]

    def address(self, rule: Rule, instead: Mapping[str, str] | None = None) -> str:
        """URL of the rule with ids of existing objects; `instead`: values by parameter that replace them, unchecked."""
        first_segment = rule.rule.split("/")[1]
        item = {"programmes": self.programme.id, "goals": self.measure.goal_id}.get(first_segment, self.measure.id)
        choices = {
            name: min(converter.items) for name, converter in rule._converters.items() if hasattr(converter, "items")
        }
        values = {"item_id": item} | self.known | choices
        if "/fields/" in rule.rule:
            values["key"] = "priority"  # "amount" is that of a cell
        missing = rule.arguments - set(values)
        assert not missing, f"{rule}: no value for {missing}"
        if instead:
            text = re.sub(r"<(?:[^<>:]*:)?(\w+)>", r"{\1}", rule.rule)
            return text.format_map({name: quote(str(instead.get(name, values[name])), "") for name in rule.arguments})
        built = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
        assert built is not None, rule
        return built[1] + QUERIES.get(rule.endpoint, "")

    def topics(self) -> list[str]:
        """A topic of each kind that is registered in `topic_access`."""
        ids = {
            "partnership": self.team.partnership.id, "programme": self.programme.id, "editions": self.programme.id,
            "goal": self.measure.goal_id,
        }  # fmt: skip
        return [f"{kind}:{ids.get(kind, self.measure.id)}" for kind in topic_access.rules]


def built(app: Flask) -> World:
    team = factories.partnership(SECRET, SECRET)
    programme = factories.programme(team)
    measure = factories.measure(programme)
    coordinator, other_coordinator = _member(team, team.de["coordinator"]), _member(team, team.partner["coordinator"])
    author = _member(team, team.de["editor"])
    cost = rows_of(measure)["costs"][0]
    proposal = ThreadSubject(field="amount", row_id=cost.id, value={"amount": "75000.00", "currency": "EUR"})
    text = CommentInput(SECRET, "en", str(uuid.uuid4()))
    comment = open_thread(measure, text, kind="proposal", side="", subject=proposal, by=author)
    versions.keep_version(measure.id, by=coordinator)
    editions.create_edition(programme, by=coordinator, name=SECRET, purpose="working")
    set_value(FieldRef(measure, "priority"), "low", based_on=0, by=other_coordinator.person.id)
    set_value(FieldRef(measure, "priority"), "medium", based_on=0, by=coordinator.person.id)
    link, _token = invitations.invite(coordinator, invitations.Invitation("new@example.org", "de", "editor", "de"))
    request = joint_requests.ask_other_side(
        other_coordinator, "rate", {"rate": "14", "date": "2026-11-01", "remark": ""}, programme_id=programme.id
    )
    membership = next(each for each in team.partnership.memberships if each.person_id == team.de["observer"].id)
    known = {
        "partnership_id": team.partnership.id, "membership_id": membership.id, "link_id": link.id,
        "request_id": request.id, "municipality_id": team.partnership.municipalities[0].id, "row_id": cost.id,
        "kind": "costs", "number": 1, "key": "amount", "comment_id": comment.id, "thread_id": comment.thread_id,
        "name": "none", "token": "none", "conflict_id": db.session.scalar(select(func.min(Conflict.id))),
        "filename": "css/page.css", "version": "0", "locale": "de", "person_id": membership.person_id,
    }  # fmt: skip
    return World(team, programme, measure, known)


def _member(team: Team, person: Person) -> Member:
    member = member_of(person, team.partnership.id)
    assert member is not None
    return member
