"""What somebody has seen and read, who made a row, and when somebody last wrote in a text

Revision: 0008, after: 0007, made: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('seen',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_seen_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_seen_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('person_id', 'item_id', name=op.f('pk_seen'))
    )
    op.create_table('comments_read',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('before', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_comments_read_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_comments_read_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('person_id', 'item_id', name=op.f('pk_comments_read'))
    )
    with op.batch_alter_table('row', schema=None) as batch_op:
        batch_op.add_column(sa.Column('created_by', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_row_created_by'), 'person', ['created_by'], ['id'], ondelete='SET NULL')
    with op.batch_alter_table('writer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('at', sa.DateTime(timezone=True), nullable=True))


def downgrade():
    with op.batch_alter_table('writer', schema=None) as batch_op:
        batch_op.drop_column('at')
    with op.batch_alter_table('row', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_row_created_by'), type_='foreignkey')
        batch_op.drop_column('created_by')
    op.drop_table('comments_read')
    op.drop_table('seen')
