"""People who were erased

Revision: 0018, after: 0017, made: 2026-11-29
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    # Every address once, for the constraint of before: those of erased people are empty.
    op.execute("UPDATE person SET email = CAST(id AS VARCHAR(20)) || '.erased.invalid' WHERE erased_at IS NOT NULL")
    with op.batch_alter_table("person") as batch:
        batch.drop_column("erased_at")
