"""Editions: named sets of versions; and a key for every item, by which it is known elsewhere

Revision: 0005, after: 0004, made: 2026-11-22
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade():
    # Not as a batch: SQLite would make the table anew, and dropping the old one would delete all that refers to it.
    op.add_column('item', sa.Column('key', sa.String(length=36), nullable=False, server_default=''))
    _fill_keys()
    op.create_index('uq_item_key', 'item', ['key'], unique=True)
    op.create_table('edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('programme_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('manifest', sa.LargeBinary(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('side', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['person.id'], name=op.f('fk_edition_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['programme_id'], ['item.id'], name=op.f('fk_edition_programme_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition'))
    )
    op.create_index('uq_edition_number', 'edition', ['programme_id', 'number'], unique=True)
    op.create_table('edition_part',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_part_edition_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['version.id'], name=op.f('fk_edition_part_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('edition_id', 'position', name=op.f('pk_edition_part'))
    )
    op.create_index(op.f('ix_edition_part_version_id'), 'edition_part', ['version_id'])


def _fill_keys():
    item = sa.table('item', sa.column('id', sa.Integer), sa.column('key', sa.String))
    connection = op.get_bind()
    for id_ in connection.scalars(sa.select(item.c.id)).all():
        connection.execute(item.update().where(item.c.id == id_).values(key=str(uuid.uuid4())))


def downgrade():
    op.drop_index(op.f('ix_edition_part_version_id'), 'edition_part')
    op.drop_table('edition_part')
    op.drop_index('uq_edition_number', 'edition')
    op.drop_table('edition')
    op.drop_index('uq_item_key', 'item')
    op.drop_column('item', 'key')
