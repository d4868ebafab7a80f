"""Locks with holder, scope and reason

Every item that is closed becomes one lock of its own; its holder is known by the name alone.

Revision: 0021, after: 0020, made: 2026-11-30
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade():
    # Not as a batch: SQLite would make the table anew, and dropping the old one would delete all that refers to it.
    op.add_column("item", sa.Column("lock_rev", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "edit_lock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("except_id", sa.Integer(), nullable=True),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_edit_lock_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["except_id"], ["item.id"], name=op.f("fk_edit_lock_except_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_edit_lock_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edit_lock")),
    )
    op.create_index(op.f("ix_edit_lock_item_id"), "edit_lock", ["item_id"])
    op.create_index(op.f("ix_edit_lock_holder"), "edit_lock", ["holder"])
    _keep_what_is_closed()


def _keep_what_is_closed():
    item = sa.table("item", sa.column("id", sa.Integer), sa.column("kind", sa.String))
    document = sa.table(
        "document",
        sa.column("name", sa.String),
        sa.column("locked", sa.Boolean),
        sa.column("lock_reason", sa.String),
        sa.column("locked_by", sa.String),
    )
    lock = sa.table(
        "edit_lock",
        *(sa.column(name, sa.String) for name in ("holder", "holder_name", "reason")),
        sa.column("item_id", sa.Integer),
        sa.column("at", MOMENT),
    )
    name = item.c.kind + sa.literal(":") + sa.cast(item.c.id, sa.String)
    closed = sa.select(item.c.id, document.c.lock_reason, document.c.locked_by).where(
        document.c.name == name, document.c.locked
    )
    at = datetime.now(UTC)
    for id_, reason, by in op.get_bind().execute(closed).all():
        values = {"item_id": id_, "holder": "", "holder_name": by, "reason": reason, "at": at}
        op.get_bind().execute(sa.insert(lock).values(**values))


def downgrade():
    op.drop_table("edit_lock")
    op.drop_column("item", "lock_rev")
