"""Where the words stand that a thread is about

Revision: 0012, after: 0011, made: 2026-11-28
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('thread') as batch:
        batch.add_column(sa.Column('anchor', sa.JSON(), nullable=False, server_default='{}'))
    with op.batch_alter_table('thread') as batch:
        batch.alter_column('anchor', server_default=None)


def downgrade():
    with op.batch_alter_table('thread') as batch:
        batch.drop_column('anchor')
