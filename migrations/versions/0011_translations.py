"""Comments in other languages, made by a machine

Revision: 0011, after: 0010, made: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('comment_translation',
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_comment_translation_comment_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('comment_id', 'language', name=op.f('pk_comment_translation'))
    )


def downgrade():
    op.drop_table('comment_translation')
