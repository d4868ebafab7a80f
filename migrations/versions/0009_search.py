"""What can be found, and what each database searches with

Revision: 0009, after: 0008, made: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = "0008"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE VIRTUAL TABLE search_words USING fts5(folded, content='search_entry', content_rowid='id', prefix='2 3')",
    "CREATE TRIGGER search_words_in AFTER INSERT ON search_entry BEGIN "
    "INSERT INTO search_words(rowid, folded) VALUES (new.id, new.folded); END",
    "CREATE TRIGGER search_words_out AFTER DELETE ON search_entry BEGIN "
    "INSERT INTO search_words(search_words, rowid, folded) VALUES ('delete', old.id, old.folded); END",
)
POSTGRESQL = ("CREATE INDEX search_words ON search_entry USING gin (to_tsvector('simple', folded))",)


def upgrade():
    op.create_table('search_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('side', sa.String(length=10), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('folded', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_search_entry_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_entry'))
    )
    with op.batch_alter_table('search_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_search_entry_item_id'), ['item_id'], unique=False)
    op.create_table('search_state',
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('stamp', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_search_state_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('item_id', name=op.f('pk_search_state'))
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_words")
    op.drop_table('search_state')
    op.drop_table('search_entry')
