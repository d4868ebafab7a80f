"""Partnerships: municipalities, memberships, permissions by role, invitations, and requests that need both sides."""

from __future__ import annotations

from flask import Flask

from klimawerk.accounts import confirmation_facts
from klimawerk.live import topic_access
from klimawerk.partnerships import partnership_labels, routes, start_page
from klimawerk.partnerships.access import may, my_memberships
from klimawerk.partnerships.rights import Right


def init_app(app: Flask) -> None:
    for blueprint in (start_page.blueprint, routes.blueprint, routes.invitation_blueprint):
        app.register_blueprint(blueprint)
    for template_global in (
        partnership_labels.role_name,
        partnership_labels.side_name,
        partnership_labels.text_for_reader,
        partnership_labels.language_name,
        partnership_labels.own_side_first,
    ):
        app.add_template_global(template_global)
    confirmation_facts.partnership_lookups.add(
        app,
        lambda person: [
            partnership_labels.text_for_reader(member.partnership.name)[0] for member in my_memberships(person)
        ],
    )
    topic_access.rules.add(
        app, "partnership", lambda person_id, partnership_id: may(person_id, partnership_id, Right.READ)
    )
