"""Threads about items, their comments, and what was done in them

Revision: 0007, after: 0006, made: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('thread',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('side', sa.String(length=10), nullable=False),
    sa.Column('field', sa.String(length=60), nullable=False),
    sa.Column('row_id', sa.String(length=36), nullable=True),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('passage', sa.Text(), nullable=False),
    sa.Column('proposed', sa.JSON(), nullable=False),
    sa.Column('opened_by', sa.Integer(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('assignee', sa.Integer(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.String(length=300), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('began', sa.JSON(), nullable=False),
    sa.Column('revs', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['assignee'], ['person.id'], name=op.f('fk_thread_assignee'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_thread_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['opened_by'], ['person.id'], name=op.f('fk_thread_opened_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['resolved_by'], ['person.id'], name=op.f('fk_thread_resolved_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thread'))
    )
    with op.batch_alter_table('thread', schema=None) as batch_op:
        batch_op.create_index('ix_thread_item_open', ['item_id', 'resolved_at'], unique=False)

    op.create_table('comment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('author', sa.Integer(), nullable=True),
    sa.Column('side', sa.String(length=10), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('key', sa.String(length=36), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['author'], ['person.id'], name=op.f('fk_comment_author'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_comment_thread_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comment')),
    sa.UniqueConstraint('key', name=op.f('uq_comment_key'))
    )
    with op.batch_alter_table('comment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_comment_thread_id'), ['thread_id'], unique=False)

    op.create_table('comment_mention',
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_comment_mention_comment_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_comment_mention_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('comment_id', 'person_id', name=op.f('pk_comment_mention'))
    )
    with op.batch_alter_table('comment_mention', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_comment_mention_person_id'), ['person_id'], unique=False)

    op.create_table('comment_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('comment_id', sa.Integer(), nullable=True),
    sa.Column('side', sa.String(length=10), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['person.id'], name=op.f('fk_comment_event_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_comment_event_comment_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_comment_event_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_comment_event_thread_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comment_event'))
    )
    with op.batch_alter_table('comment_event', schema=None) as batch_op:
        batch_op.create_index('ix_comment_event_item', ['item_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_comment_event_comment_id'), ['comment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_comment_event_thread_id'), ['thread_id'], unique=False)


def downgrade():
    op.drop_table('comment_event')
    op.drop_table('comment_mention')
    op.drop_table('comment')
    op.drop_table('thread')
