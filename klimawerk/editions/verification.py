"""`flask versions verify` for editions: recomputes every hash, and compares the versions that each edition names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from klimawerk import safe_json
from klimawerk.editions import hash_chain
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.extensions import db
from klimawerk.sheets.models import Item, is_here
from klimawerk.versions.hash_chain import sha256_hex
from klimawerk.versions.models import Version
from klimawerk.versions.verification import VerificationCheck, other_checks


def init_app(app: Flask) -> None:
    other_checks.add(app, VerificationCheck(edition_faults, edition_count))


def edition_faults() -> Iterator[str]:
    """One English line for each fault."""
    visible = Edition.programme_id.in_(select(Item.id).where(is_here()))
    programmes = select(Edition.programme_id).where(visible).distinct().order_by(Edition.programme_id)
    for programme_id in db.session.scalars(programmes).all():
        query = select(Edition).where(Edition.programme_id == programme_id).order_by(Edition.number)
        previous, number = "", 0
        for edition in db.session.scalars(query.options(undefer(Edition.manifest))).all():
            prefix = f"programme {programme_id}, edition {edition.number}:"
            if edition.number != number + 1:
                yield f"{prefix} edition {number + 1} is missing before it"
            if edition.previous != previous:
                yield f"{prefix} does not follow the edition before it"
            yield from (f"{prefix} {fault}" for fault in _faults_of_edition(edition))
            previous, number = edition.hash, edition.number


def edition_count() -> str:
    return f"{db.session.scalar(select(func.count()).select_from(Edition))} editions"


def _faults_of_edition(edition: Edition) -> Iterator[str]:
    if sha256_hex(edition.manifest) != edition.content_hash:
        yield "its list of versions was changed"
        return
    recomputed = hash_chain.edition_hash(
        content=edition.content_hash, previous=edition.previous, number=edition.number, at=edition.at
    )
    if recomputed != edition.hash:
        yield "its number, time or hash was changed"
    manifest: dict[str, Any] = safe_json.loads(edition.manifest)
    key = db.session.scalar(select(Item.key).where(Item.id == edition.programme_id))
    if (manifest["programme"], manifest["purpose"]) != (key, edition.purpose):
        yield "it is of another programme, or made for another purpose"
    listed = [(entry["item"], entry["number"], entry["hash"]) for entry in manifest["versions"]]
    if listed != _versions(edition):
        yield "its versions are not those that it names"


def _versions(edition: Edition) -> list[tuple[str, int, str]]:
    query = (
        select(Item.key, Version.number, Version.hash)
        .join(Version, Version.item_id == Item.id)
        .join(EditionPart, EditionPart.version_id == Version.id)
        .where(EditionPart.edition_id == edition.id)
        .order_by(EditionPart.position)
    )
    return [(key, number, hash_) for key, number, hash_ in db.session.execute(query).all()]
