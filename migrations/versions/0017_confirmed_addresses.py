"""Accounts whose address is not confirmed

Revision: 0017, after: 0016, made: 2026-11-29
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch.drop_constraint("uq_person_email", type_="unique")
    op.execute("UPDATE person SET confirmed_at = created_at")
    confirmed = sa.text("confirmed_at IS NOT NULL")
    op.create_index(
        "uq_person_email_confirmed", "person", ["email"], unique=True,
        sqlite_where=confirmed, postgresql_where=confirmed,
    )  # fmt: skip
    op.create_index("ix_person_email", "person", ["email"])


def downgrade():
    op.drop_index("ix_person_email", "person")
    op.drop_index("uq_person_email_confirmed", "person")
    # One account for each address: the others get an address that nobody has.
    op.execute(
        "UPDATE person SET email = CAST(id AS VARCHAR(20)) || '.unconfirmed.invalid' WHERE confirmed_at IS NULL"
        " AND email IN (SELECT email FROM person GROUP BY email HAVING COUNT(*) > 1)"
    )
    with op.batch_alter_table("person") as batch:
        batch.drop_column("confirmed_at")
        batch.create_unique_constraint("uq_person_email", ["email"])
