"""Requests that were carried out, so that one sent twice creates once

Revision: 0014, after: 0013, made: 2026-11-29
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('completed_request',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('result', sa.String(length=300), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_completed_request'))
    )
    with op.batch_alter_table('completed_request') as batch:
        batch.create_index(batch.f('ix_completed_request_at'), ['at'], unique=False)


def downgrade():
    op.drop_table('completed_request')
