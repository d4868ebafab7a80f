"""Comments that came with a file are comments

Revision: 0013, after: 0012, made: 2026-11-28
"""

import json
import uuid
from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('comment') as batch:
        batch.add_column(sa.Column('foreign', sa.JSON(), nullable=False, server_default='{}'))
    with op.batch_alter_table('comment') as batch:
        batch.alter_column('foreign', server_default=None)
    move()


def downgrade():
    with op.batch_alter_table('comment') as batch:
        batch.drop_column('foreign')


def move():
    """What programmes carried along until now becomes threads."""
    connection, meta = op.get_bind(), sa.MetaData()
    programme, thread, comment = (sa.Table(n, meta, autoload_with=connection) for n in ("programme", "thread", "comment"))
    for id_, carried in connection.execute(sa.select(programme.c.id, programme.c.carried)).all():
        carried = json.loads(carried) if isinstance(carried, str) else carried or {}
        for one in carried.get("comments_sample", []):
            if one.get("thread"):
                number = connection.execute(sa.insert(thread).values(**thread_of(one))).inserted_primary_key[0]
                connection.execute(sa.insert(comment), [comment_of(said, number) for said in one["thread"]])
        if carried.pop("comments_sample", None) is not None:
            connection.execute(sa.update(programme).where(programme.c.id == id_).values(carried=carried))


def thread_of(one):
    said = one["thread"]
    kinds = [str(comment.get("kind")) for comment in said]
    known = ("question", "proposal", "concern", "task")
    settled = any(comment.get("state") == "resolved" for comment in said)
    due = next((comment["due"] for comment in reversed(said) if comment.get("due")), None)
    return {
        "item_id": one["measure"], "kind": "task" if "task" in kinds else kinds[0] if kinds[0] in known else "question",
        "side": "", "field": "", "value": None, "passage": "", "anchor": {}, "proposed": {}, "outcome": "",
        "began": {}, "revs": {}, "opened_at": moment(said[0]), "resolved_at": moment(said[-1]) if settled else None,
        "due": day(due),
    }


def comment_of(said, number):
    return {
        "thread_id": number, "side": said.get("side") or "neutral", "language": said.get("lang") or "en",
        "words": said.get("text", ""), "key": str(uuid.uuid4()), "at": moment(said), "foreign": {**said, "text": ""},
    }


def moment(said):
    try:
        return datetime.fromisoformat(said.get("at", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def day(text):
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
