"""When people last looked at an item; who wrote which passage; parts of versions that were blacked out

Revision: 0006, after: 0005, made: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('passages',
    sa.Column('document_id', sa.Integer(), nullable=False),
    sa.Column('fragment', sa.String(length=80), nullable=False),
    sa.Column('spans', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_passages_document_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', 'fragment', name=op.f('pk_passages'))
    )
    op.create_table('visit',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('before_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('before_rev', sa.Integer(), nullable=False),
    sa.Column('before_seq', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_visit_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_visit_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('person_id', 'item_id', name=op.f('pk_visit'))
    )
    with op.batch_alter_table('version_part', schema=None) as batch_op:
        batch_op.add_column(sa.Column('blacked', sa.JSON(), nullable=True))


def downgrade():
    with op.batch_alter_table('version_part', schema=None) as batch_op:
        batch_op.drop_column('blacked')

    op.drop_table('visit')
    op.drop_table('passages')
