"""Inventory of personal data: every column that can hold some is declared, and no other."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

from klimawerk.extensions import db
from klimawerk.privacy.personal_data import ERASURE_RULES, ErasureRule

PERSON_ID_COLUMNS = {"by", "person", "author"}


def candidates(metadata: MetaData) -> set[str]:
    """Columns that may hold personal data: foreign keys to people, ids by name, and all text, JSON and binary ones."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.target_fullname == "person.id" for key in column.foreign_keys)
        or (isinstance(column.type, Integer) and column.name in PERSON_ID_COLUMNS)
        or isinstance(getattr(column.type, "impl_instance", column.type), String | Text | JSON | LargeBinary)
    }


def declared() -> dict[str, ErasureRule]:
    return {f"{table}.{name}": rule for table, columns in ERASURE_RULES.items() for name, rule in columns.items()}


def test_every_column_that_may_hold_a_person_is_declared(app: object) -> None:
    missing = candidates(db.metadata) - declared().keys()
    assert not missing, f"say in klimawerk/privacy/personal_data.py what becomes of {sorted(missing)}"
    assert declared().keys() - candidates(db.metadata) == set()


def test_a_new_column_would_be_found() -> None:
    metadata = MetaData()
    Table("person", metadata, Column("id", Integer, primary_key=True))
    Table("poll", metadata, Column("id", Integer), Column("voter", ForeignKey("person.id")), Column("words", Text))
    Table("vote", metadata, Column("by", Integer), Column("count", Integer))
    assert candidates(metadata) == {"poll.voter", "poll.words", "vote.by"}


def test_a_number_that_stays_may_stay_and_a_row_that_goes_is_found_by_its_person(app: object) -> None:
    for name, rule in declared().items():
        table, _, column = name.partition(".")
        keys = {key.target_fullname for key in db.metadata.tables[table].columns[column].foreign_keys}
        if "person.id" in keys:
            assert rule in (ErasureRule.ROW_ERASED, ErasureRule.NUMBER, ErasureRule.CHECKED), name
        if rule is ErasureRule.ROW_ERASED:
            with_person = [
                other for other, other_rule in ERASURE_RULES[table].items() if other_rule is ErasureRule.ROW_ERASED
            ]
            assert any(db.metadata.tables[table].columns[other].foreign_keys for other in with_person), name


@pytest.mark.parametrize("table", ["person"])
def test_nothing_of_the_account_itself_stays(app: object, table: str) -> None:
    assert set(ERASURE_RULES[table].values()) == {ErasureRule.EMPTIED}
