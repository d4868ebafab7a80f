"""Partnerships: their municipalities, their members and what both sides must agree to."""

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
    for words in (
        partnership_labels.role_name,
        partnership_labels.side_name,
        partnership_labels.text_for_reader,
        partnership_labels.language_name,
        partnership_labels.own_side_first,
    ):
        app.add_template_global(words)
    confirmation_facts.register(
        lambda person: [partnership_labels.text_for_reader(one.partnership.name)[0] for one in my_memberships(person)]
    )
    topic_access.register("partnership", lambda person_id, thing: may(person_id, thing, Right.READ))
