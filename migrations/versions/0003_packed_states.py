"""The states of documents are compressed

Revision: 0003, after: 0002, made: 2026-11-22
"""

import zlib
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

document = sa.table('document', sa.column('id', sa.Integer), sa.column('state', sa.LargeBinary))


def upgrade() -> None:
    _rewrite(zlib.compress)


def downgrade() -> None:
    _rewrite(zlib.decompress)


def _rewrite(change: Callable[[bytes], bytes]) -> None:
    """One document at a time: all of them together may be large."""
    connection = op.get_bind()
    for number in connection.scalars(sa.select(document.c.id)).all():
        here = document.c.id == number
        state = connection.scalar(sa.select(document.c.state).where(here))
        connection.execute(sa.update(document).where(here).values(state=change(bytes(state))))
