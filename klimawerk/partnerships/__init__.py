"""Partnerships: their municipalities, their members and what both sides must agree to."""

from __future__ import annotations

from flask import Flask

from klimawerk.accounts import facts
from klimawerk.live import topics
from klimawerk.partnerships import labels, routes, start
from klimawerk.partnerships.access import may, my_memberships
from klimawerk.partnerships.rights import Right


def init_app(app: Flask) -> None:
    for blueprint in (start.blueprint, routes.blueprint, routes.invitation_blueprint):
        app.register_blueprint(blueprint)
    for words in (labels.role_name, labels.side_name, labels.in_words, labels.language_name, labels.own_side_first):
        app.add_template_global(words)
    facts.register(lambda person: [labels.in_words(one.partnership.name)[0] for one in my_memberships(person)])
    topics.register("partnership", lambda person_id, thing: may(person_id, thing, Right.READ))
