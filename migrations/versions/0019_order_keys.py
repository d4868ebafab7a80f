"""Order keys are compared letter by letter, whatever the database's collation

Revision: 0019, after: 0018, made: 2026-11-29
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    _compare_by("\"C\"")


def downgrade():
    _compare_by("\"default\"")


def _compare_by(collation):
    # SQLite compares so anyway.
    if op.get_bind().dialect.name == "postgresql":
        for table in ("item", "row"):
            op.execute(f'ALTER TABLE "{table}" ALTER COLUMN order_key TYPE VARCHAR(200) COLLATE {collation}')
