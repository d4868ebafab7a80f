"""The installation's own name

Revision: 0002, after: 0001, made: 2026-11-22
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    table = op.create_table('installation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('gen', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_installation'))
    )
    op.bulk_insert(table, [{'id': 1, 'key': secrets.token_hex(8), 'gen': secrets.token_hex(8)}])


def downgrade():
    op.drop_table('installation')
