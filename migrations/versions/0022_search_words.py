"""Words are cut before they come to the database: neither of the two cuts them anew

Revision: 0022, after: 0021, made: 2026-11-30

What is in the index stays, and is found, until the server has folded it by the new rules (search/index.py).
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FTS5 = "CREATE VIRTUAL TABLE search_words USING fts5(folded, content='search_entry', content_rowid='id', prefix='2 3'"
SQLITE = (
    "DROP TABLE search_words",
    f"{FTS5}, tokenize='ascii')",
    "INSERT INTO search_words(search_words) VALUES ('rebuild')",
)
POSTGRESQL = (
    "DROP INDEX search_words",
    r"DELETE FROM search_entry WHERE folded ~ '\S{201}'",  # a tsvector takes no word of more than 2,046 bytes
    "CREATE INDEX search_words ON search_entry USING gin (array_to_tsvector(array_remove(string_to_array(folded, ' '), '')))",
)
SQLITE_BACK = ("DROP TABLE search_words", f"{FTS5})", "INSERT INTO search_words(search_words) VALUES ('rebuild')")
POSTGRESQL_BACK = (
    "DROP INDEX search_words",
    "CREATE INDEX search_words ON search_entry USING gin (to_tsvector('simple', folded))",
)


def upgrade():
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade():
    for statement in SQLITE_BACK if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_BACK:
        op.execute(statement)
