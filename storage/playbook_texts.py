"""The texts that playbooks' files held, version by version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables as t


async def history(session: AsyncSession, path: str, *, limit: int) -> Sequence[Any]:
    """(id, actor, note, at) of the newest versions of one file, newest first."""
    p = t.playbook_text.c
    query = select(p.id, p.actor, p.note, p.at).where(p.path == path).order_by(p.id.desc()).limit(limit)
    return (await session.execute(query)).all()


async def version(session: AsyncSession, path: str, version: int) -> Any:
    """The row of one version, None where it is not one of this file."""
    p = t.playbook_text.c
    return (await session.execute(select(t.playbook_text).where(p.id == version, p.path == path))).first()


def keep(connection: Connection, path: str, before: str | None, source: str, actor: str, note: str, at: int) -> None:
    """Adds a version with its audit row. What was in the file `before`, if nobody published that, comes first."""
    p = t.playbook_text.c
    last = connection.execute(select(p.source).where(p.path == path).order_by(p.id.desc()).limit(1)).scalar()
    if before is not None and before != last:
        connection.execute(
            insert(t.playbook_text).values(path=path, source=before, actor="file", note="", at=at)
        )  # fmt: skip
    connection.execute(insert(t.playbook_text).values(path=path, source=source, actor=actor, note=note, at=at))
    detail = orjson.dumps({"note": note}).decode()
    connection.execute(
        insert(t.audit).values(actor=actor, action="playbook.publish", target=path, detail=detail, at=at)
    )
