"""Jobs, and programmes that are arriving

Revision: 0016, after: 0015, made: 2026-11-29
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = "0015"
branch_labels = None
depends_on = None

ACTIVE = sa.text("state IN ('queued', 'running', 'storing')")


def upgrade():
    op.create_table('job',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('progress', sa.Integer(), nullable=False),
    sa.Column('asked', sa.JSON(), nullable=False),
    sa.Column('problem', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('claimed_by', sa.String(length=40), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('heard_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_job_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    sa.UniqueConstraint('key', name=op.f('uq_job_key'))
    )
    op.create_index(op.f('ix_job_changed_at'), 'job', ['changed_at'])
    op.create_index(op.f('ix_job_person_id'), 'job', ['person_id'])
    op.create_index(op.f('ix_job_state'), 'job', ['state'])
    op.create_index('uq_job_active', 'job', ['person_id', 'kind'], unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
    op.add_column('frame', sa.Column('arriving', sa.String(length=40), nullable=True))


def downgrade():
    op.drop_column('frame', 'arriving')
    op.drop_table('job')
