"""Every column that can hold something of a person is declared, and nothing is declared that is not there."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

from klimawerk.extensions import db
from klimawerk.privacy.personal_data import ERASURE_RULES, ErasureRule

NUMBERS_OF_PEOPLE = {"by", "person", "author"}


def candidates(metadata: MetaData) -> set[str]:
    """Foreign keys to people, numbers that are called like people, and all text, JSON and bytes."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.target_fullname == "person.id" for key in column.foreign_keys)
        or (isinstance(column.type, Integer) and column.name in NUMBERS_OF_PEOPLE)
        or isinstance(getattr(column.type, "impl_instance", column.type), String | Text | JSON | LargeBinary)
    }


def declared() -> dict[str, ErasureRule]:
    return {f"{table}.{name}": fate for table, columns in ERASURE_RULES.items() for name, fate in columns.items()}


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
    for name, fate in declared().items():
        table, _, column = name.partition(".")
        keys = {key.target_fullname for key in db.metadata.tables[table].columns[column].foreign_keys}
        if "person.id" in keys:
            assert fate in (ErasureRule.ROW_ERASED, ErasureRule.NUMBER, ErasureRule.CHECKED), name
        if fate is ErasureRule.ROW_ERASED:
            with_person = [one for one, what in ERASURE_RULES[table].items() if what is ErasureRule.ROW_ERASED]
            assert any(db.metadata.tables[table].columns[one].foreign_keys for one in with_person), name


@pytest.mark.parametrize("table", ["person"])
def test_nothing_of_the_account_itself_stays(app: object, table: str) -> None:
    assert set(ERASURE_RULES[table].values()) == {ErasureRule.EMPTIED}
