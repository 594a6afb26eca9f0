"""The rows of the console's own users: read by the event loop, written by the one connection that writes.

Writing functions take a `Connection` inside the caller's transaction and leave their audit row in it. Bounds are tuples
of patterns here and JSON text in the tables. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from storage import tables as t

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Patterns = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    role: str
    groups: Patterns = ("*",)
    playbooks: Patterns = ("*",)
    actions: Patterns = ("*",)


# -- reading ------------------------------------------------------------------------------------------------------------


async def count_users(connection: AsyncConnection) -> int:
    return await connection.scalar(select(func.count()).select_from(t.console_user)) or 0


def has_users(connection: Connection) -> bool:
    return connection.execute(select(t.console_user.c.id).limit(1)).first() is not None


async def users(connection: AsyncConnection) -> Sequence[Row[Any]]:
    return (await connection.execute(select(t.console_user).order_by(t.console_user.c.name))).all()


async def user(connection: AsyncConnection, name: str) -> Row[Any] | None:
    return (await connection.execute(select(t.console_user).where(t.console_user.c.name == name))).first()


async def grants(connection: AsyncConnection, users: Iterable[int]) -> dict[int, list[GrantRow]]:
    """User id → what they were granted."""
    g = t.console_grant
    found: dict[int, list[GrantRow]] = {}
    for row in await connection.execute(select(g).where(g.c.user_id.in_(list(users))).order_by(g.c.id)):
        found.setdefault(row.user_id, []).append(
            GrantRow(
                role=row.role, groups=_read(row.groups), playbooks=_read(row.playbooks), actions=_read(row.actions)
            )
        )
    return found


async def session(connection: AsyncConnection, hash: str, *, now: int, idle_ms: int) -> Row[Any] | None:
    """The living session of this hash with its user; None when it is over, however it ended."""
    s, u = t.console_session, t.console_user
    query = (
        select(s, u.c.name, u.c.language)
        .join_from(s, u, u.c.id == s.c.user_id)
        .where(s.c.hash == hash, s.c.expires_at > now, s.c.seen_at > now - idle_ms, u.c.disabled_at.is_(None))
    )
    return (await connection.execute(query)).first()


async def sessions_of(connection: AsyncConnection, user_id: int) -> Sequence[Row[Any]]:
    s = t.console_session
    return (await connection.execute(select(s).where(s.c.user_id == user_id).order_by(s.c.seen_at.desc()))).all()


async def token(connection: AsyncConnection, hash: str, *, now: int) -> Row[Any] | None:
    """The living token of this hash with its user."""
    k, u = t.console_token, t.console_user
    query = (
        select(k, u.c.name.label("user_name"), u.c.language)
        .join_from(k, u, u.c.id == k.c.user_id)
        .where(k.c.hash == hash, k.c.revoked_at.is_(None), u.c.disabled_at.is_(None))
        .where(k.c.expires_at.is_(None) | (k.c.expires_at > now))
    )
    return (await connection.execute(query)).first()


async def tokens(connection: AsyncConnection, user_id: int | None = None) -> Sequence[Row[Any]]:
    """Tokens that were not revoked, with their user's name."""
    k, u = t.console_token, t.console_user
    query = select(k, u.c.name.label("user_name")).join_from(k, u, u.c.id == k.c.user_id)
    query = query.where(k.c.revoked_at.is_(None)).order_by(k.c.id)
    return (await connection.execute(query if user_id is None else query.where(k.c.user_id == user_id))).all()


async def audit(
    connection: AsyncConnection, *, before: int | None = None, actor: str = "", limit: int = 50
) -> Sequence[Row[Any]]:
    """What was done, newest first."""
    query = select(t.audit).order_by(t.audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(t.audit.c.id < before)
    if actor:
        query = query.where(t.audit.c.actor == actor)
    return (await connection.execute(query)).all()


def bounds_of(row: Row[Any]) -> tuple[Patterns, Patterns, Patterns]:
    """(groups, playbooks, actions) of a token."""
    return _read(row.groups), _read(row.playbooks), _read(row.actions)


# -- writing ------------------------------------------------------------------------------------------------------------


def note(connection: Connection, actor: str, action: str, target: str, now: int, **detail: Any) -> None:
    """One audit row."""
    text = json.dumps(detail, ensure_ascii=False, default=str)
    connection.execute(insert(t.audit).values(actor=actor, action=action, target=target, detail=text, at=now))


def add_user(
    connection: Connection, name: str, password: str, granted: Sequence[GrantRow], *, actor: str, now: int,
    only_if_first: bool = False,
) -> int | None:  # fmt: skip
    """The new user's id; None when the name is taken, or when `only_if_first` and somebody was quicker."""
    if only_if_first and has_users(connection):
        return None
    u = t.console_user
    if connection.execute(select(u.c.id).where(u.c.name == name)).first() is not None:
        return None
    made = connection.execute(insert(u).values(name=name, password=password, created_at=now, changed_at=now))
    user_id = int(made.inserted_primary_key[0])  # type: ignore[index]
    _grant(connection, user_id, granted)
    note(connection, actor, "user.add", name, now, grants=[asdict(each) for each in granted])
    return user_id


def set_password(connection: Connection, user_id: int, password: str, *, actor: str, now: int, keep: str = "") -> None:
    """A new password ends every session of the user but `keep`."""
    u, s = t.console_user, t.console_session
    connection.execute(update(u).where(u.c.id == user_id).values(password=password, changed_at=now))
    connection.execute(delete(s).where(s.c.user_id == user_id, s.c.hash != keep))
    note(connection, actor, "user.password", _name(connection, user_id), now)


def rehash(connection: Connection, user_id: int, password: str) -> None:
    """The same password in a stronger hash: nothing that anybody did."""
    connection.execute(update(t.console_user).where(t.console_user.c.id == user_id).values(password=password))


def set_grants(connection: Connection, user_id: int, granted: Sequence[GrantRow], *, actor: str, now: int) -> None:
    connection.execute(delete(t.console_grant).where(t.console_grant.c.user_id == user_id))
    _grant(connection, user_id, granted)
    note(
        connection, actor, "user.grants", _name(connection, user_id), now, grants=[asdict(each) for each in granted]
    )  # fmt: skip


def owners(connection: Connection) -> set[int]:
    """Users who may sign in and own everything: the last one can't be taken away."""
    g, u = t.console_grant, t.console_user
    query = select(g).join_from(g, u, u.c.id == g.c.user_id).where(g.c.role == "owner", u.c.disabled_at.is_(None))
    rows = connection.execute(query).all()
    return {row.user_id for row in rows if all("*" in _read(each) for each in (row.groups, row.playbooks, row.actions))}


def set_disabled(connection: Connection, user_id: int, is_disabled: bool, *, actor: str, now: int) -> None:
    u, s = t.console_user, t.console_session
    connection.execute(update(u).where(u.c.id == user_id).values(disabled_at=now if is_disabled else None))
    if is_disabled:
        connection.execute(delete(s).where(s.c.user_id == user_id))
    note(connection, actor, "user.disable" if is_disabled else "user.enable", _name(connection, user_id), now)


def set_language(connection: Connection, user_id: int, language: str) -> None:
    connection.execute(update(t.console_user).where(t.console_user.c.id == user_id).values(language=language))


def open_session(
    connection: Connection, user_id: int, hash: str, *, now: int, expires_at: int, address: str, agent: str,
    replaces: str = "",
) -> None:  # fmt: skip
    """A signed-in browser; the session that it came with ends, and so do all that are over."""
    s = t.console_session
    connection.execute(delete(s).where((s.c.hash == replaces) | (s.c.expires_at <= now)))
    connection.execute(
        insert(s).values(
            hash=hash, user_id=user_id, created_at=now, seen_at=now, expires_at=expires_at, address=address, agent=agent
        )
    )
    note(connection, f"console:{_name(connection, user_id)}", "session.open", address, now, agent=agent)


def close_session(connection: Connection, hash: str, *, actor: str, now: int) -> None:
    connection.execute(delete(t.console_session).where(t.console_session.c.hash == hash))
    note(connection, actor, "session.close", "", now)


def touch_session(connection: Connection, hash: str, now: int) -> None:
    connection.execute(update(t.console_session).where(t.console_session.c.hash == hash).values(seen_at=now))


def add_token(
    connection: Connection, user_id: int, name: str, hash: str, bounds: tuple[Patterns, Patterns, Patterns], *,
    actor: str, now: int, expires_at: int | None,
) -> int:  # fmt: skip
    groups, playbooks, actions = bounds
    made = connection.execute(
        insert(t.console_token).values(
            user_id=user_id,
            name=name,
            hash=hash,
            groups=_write(groups),
            playbooks=_write(playbooks),
            actions=_write(actions),
            created_at=now,
            expires_at=expires_at,
        )
    )
    note(connection, actor, "token.add", name, now, groups=groups, playbooks=playbooks, actions=actions)
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def revoke_token(connection: Connection, token_id: int, *, actor: str, now: int, user_id: int | None = None) -> bool:
    """False when there is no such token, or not of this user."""
    k = t.console_token
    query = update(k).where(k.c.id == token_id, k.c.revoked_at.is_(None)).values(revoked_at=now)
    if user_id is not None:
        query = query.where(k.c.user_id == user_id)
    if connection.execute(query.returning(k.c.id)).first() is None:
        return False
    note(connection, actor, "token.revoke", str(token_id), now)
    return True


def touch_token(connection: Connection, token_id: int, now: int) -> None:
    connection.execute(update(t.console_token).where(t.console_token.c.id == token_id).values(used_at=now))


def _grant(connection: Connection, user_id: int, granted: Sequence[GrantRow]) -> None:
    for each in granted:
        connection.execute(insert(t.console_grant).values(user_id=user_id, **_plain(each)))


def _plain(grant: GrantRow) -> dict[str, str]:
    return {
        "role": grant.role, "groups": _write(grant.groups), "playbooks": _write(grant.playbooks),
        "actions": _write(grant.actions),
    }  # fmt: skip


def _name(connection: Connection, user_id: int) -> str:
    return str(connection.execute(select(t.console_user.c.name).where(t.console_user.c.id == user_id)).scalar() or "")


def _read(text: str) -> Patterns:
    return tuple(json.loads(text))


def _write(patterns: Patterns) -> str:
    return json.dumps(patterns, ensure_ascii=False)
