"""The console's users, their sessions and tokens: who may sign in, and the secrets that say so.

A secret (session, token) is made here, given out once, and known afterwards by its SHA-256 only.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from bot.console.access import ROLES, Access, Bounds, Grant, TagsOf
from bot.console.ports.accounts import AuditEntry, Identity, Refused, Session, Token, User, Visitor
from bot.engine.clock import from_ms, to_ms
from bot.usecases.passwords import LONGEST, SHORTEST, Backoff, Passwords
from bot.usecases.secret import hash_of
from storage import console as rows
from storage.database import Database

R = TypeVar("R")

IDLE = timedelta(hours=12)
LONGEST_SESSION = timedelta(days=7)
_TOUCH_AFTER = timedelta(minutes=1)
_NAME = re.compile(r"[\w.@-]{1,40}")
OWNER = Grant(role="owner")


class Writes(Protocol):
    """Runs work in one transaction of the one connection that writes."""

    async def __call__(self, work: Callable[[Connection], R], /) -> R: ...


class Accounts:
    """Answers `bot.console.ports.accounts.Accounts`."""

    def __init__(
        self, database: Database, write: Writes, now: Callable[[], datetime], *, code: str = "",
        tags_of: TagsOf = lambda group: frozenset(), passwords: Passwords | None = None,
    ) -> None:  # fmt: skip
        self._database, self._write, self._now, self._tags_of = database, write, now, tags_of
        self._code = code
        """The one-time code of the first set-up; "" when there is none or it was used."""
        self._passwords = passwords or Passwords()
        self._by_address, self._by_name = Backoff(900.0), Backoff(30.0)

    # -- signing in -------------------------------------------------------------------------------------------------

    async def needs_set_up(self) -> bool:
        async with self._database.async_reading() as connection:
            return await rows.count_users(connection) == 0

    async def set_up(self, code: str, name: str, password: str, visitor: Visitor) -> str:
        self._hold_back(visitor.address, "")
        if not self._code or not hmac.compare_digest(_letters(code).encode(), _letters(self._code).encode()):
            self._by_address.failed(visitor.address)
            raise Refused("code_wrong")
        _check_name(name)
        _check_password(password)
        hashed = await self._passwords.hash(password)
        actor, now = f"console:{name}", to_ms(self._now())
        user_id = await self._write(
            lambda c: rows.add_user(c, name, hashed, [_row(OWNER)], actor=actor, now=now, only_if_first=True)
        )
        if user_id is None:
            raise Refused("set_up_done")
        self._code = ""
        return await self._open(user_id, visitor, "")

    async def sign_in(self, name: str, password: str, visitor: Visitor, *, replaces: str = "") -> str:
        self._hold_back(visitor.address, name)
        async with self._database.async_reading() as connection:
            user = await rows.user(connection, name)
        known = user if user is not None and user.disabled_at is None else None
        stored = known.password if known is not None else None
        is_right, is_weak = await self._passwords.is_right(stored, password[:LONGEST])
        if known is None or not is_right:
            self._by_address.failed(visitor.address)
            self._by_name.failed(name)
            raise Refused("sign_in_wrong")
        self._by_address.succeeded(visitor.address)
        self._by_name.succeeded(name)
        if is_weak:
            hashed = await self._passwords.hash(password)
            await self._write(lambda c: rows.rehash(c, known.id, hashed))
        return await self._open(known.id, visitor, replaces)

    async def sign_out(self, identity: Identity) -> None:
        now = to_ms(self._now())
        await self._write(lambda c: rows.close_session(c, identity.session, actor=identity.actor, now=now))

    async def identify(self, secret: str) -> Identity | None:
        now, hash = to_ms(self._now()), hash_of(secret)
        async with self._database.async_reading() as connection:
            found = await rows.session(connection, hash, now=now, idle_ms=_ms(IDLE))
            granted = await rows.grants(connection, [found.user_id]) if found is not None else {}
        if found is None:
            return None
        if now - found.seen_at > _ms(_TOUCH_AFTER):
            await self._write(lambda c: rows.touch_session(c, hash, now))
        access = Access(_grants(granted.get(found.user_id, [])), tags_of=self._tags_of)
        return Identity(
            user_id=found.user_id, name=found.name, language=found.language, access=access, session=hash
        )  # fmt: skip

    async def identify_token(self, secret: str) -> Identity | None:
        now = to_ms(self._now())
        async with self._database.async_reading() as connection:
            found = await rows.token(connection, hash_of(secret), now=now)
            granted = await rows.grants(connection, [found.user_id]) if found is not None else {}
        if found is None:
            return None
        if found.used_at is None or now - found.used_at > _ms(_TOUCH_AFTER):
            await self._write(lambda c: rows.touch_token(c, found.id, now))
        access = Access(_grants(granted.get(found.user_id, [])), tags_of=self._tags_of).narrow(_bounds(found))
        return Identity(
            user_id=found.user_id, name=found.user_name, language=found.language, access=access, token_id=found.id
        )  # fmt: skip

    # -- users ------------------------------------------------------------------------------------------------------

    async def users(self) -> Sequence[User]:
        async with self._database.async_reading() as connection:
            found = await rows.users(connection)
            granted = await rows.grants(connection, [each.id for each in found])
        return [
            User(
                id=each.id, name=each.name, grants=_grants(granted.get(each.id, [])), created_at=from_ms(each.created_at),
                is_disabled=each.disabled_at is not None,
            )
            for each in found
        ]  # fmt: skip

    async def add_user(self, name: str, password: str, grants: Sequence[Grant], actor: str) -> None:
        _check_name(name)
        _check_password(password)
        hashed, now = await self._passwords.hash(password), to_ms(self._now())
        granted = [_row(each) for each in grants]
        if await self._write(lambda c: rows.add_user(c, name, hashed, granted, actor=actor, now=now)) is None:
            raise Refused("name_taken")

    async def set_password(self, name: str, password: str, actor: str) -> None:
        _check_password(password)
        user_id, now = await self._id(name), to_ms(self._now())
        hashed = await self._passwords.hash(password)
        await self._write(lambda c: rows.set_password(c, user_id, hashed, actor=actor, now=now))

    async def change_password(self, identity: Identity, old: str, new: str) -> None:
        self._hold_back("", identity.name)
        _check_password(new)
        async with self._database.async_reading() as connection:
            user = await rows.user(connection, identity.name)
        is_right, _ = await self._passwords.is_right(user.password if user is not None else None, old[:LONGEST])
        if not is_right:
            self._by_name.failed(identity.name)
            raise Refused("password_wrong")
        hashed, now = await self._passwords.hash(new), to_ms(self._now())
        await self._write(
            lambda c: rows.set_password(
                c, identity.user_id, hashed, actor=identity.actor, now=now, keep=identity.session
            )
        )

    async def set_grants(self, name: str, grants: Sequence[Grant], actor: str) -> None:
        user_id, now = await self._id(name), to_ms(self._now())
        granted = [_row(each) for each in grants]

        def work(connection: Connection) -> None:
            rows.set_grants(connection, user_id, granted, actor=actor, now=now)
            _need_owner(connection)

        await self._write(work)

    async def set_disabled(self, name: str, is_disabled: bool, actor: str) -> None:
        user_id, now = await self._id(name), to_ms(self._now())

        def work(connection: Connection) -> None:
            rows.set_disabled(connection, user_id, is_disabled, actor=actor, now=now)
            _need_owner(connection)

        await self._write(work)

    async def set_language(self, identity: Identity, language: str) -> None:
        await self._write(lambda c: rows.set_language(c, identity.user_id, language))

    # -- sessions, tokens, audit ------------------------------------------------------------------------------------

    async def sessions(self, identity: Identity) -> Sequence[Session]:
        async with self._database.async_reading() as connection:
            found = await rows.sessions_of(connection, identity.user_id)
        return [
            Session(
                hash=each.hash, created_at=from_ms(each.created_at), seen_at=from_ms(each.seen_at),
                address=each.address, agent=each.agent,
            )
            for each in found
        ]  # fmt: skip

    async def tokens(self, identity: Identity | None = None) -> Sequence[Token]:
        async with self._database.async_reading() as connection:
            found = await rows.tokens(connection, identity.user_id if identity is not None else None)
        return [
            Token(
                id=each.id, name=each.name, user=each.user_name, bounds=_bounds(each), created_at=from_ms(each.created_at),
                expires_at=_at(each.expires_at), used_at=_at(each.used_at),
            )
            for each in found
        ]  # fmt: skip

    async def add_token(self, user: str, name: str, bounds: Bounds, actor: str, *, days: int | None = None) -> str:
        user_id, now = await self._id(user), self._now()
        secret = f"qo_{secrets.token_urlsafe(32)}"
        expires_at = to_ms(now + timedelta(days=days)) if days is not None else None
        patterns = (bounds.groups, bounds.playbooks, bounds.actions)
        await self._write(
            lambda c: rows.add_token(
                c, user_id, name[:80], hash_of(secret), patterns, actor=actor, now=to_ms(now), expires_at=expires_at
            )
        )
        return secret

    async def revoke_token(self, token_id: int, actor: str, *, of: Identity | None = None) -> None:
        now, owner = to_ms(self._now()), of.user_id if of is not None else None
        if not await self._write(lambda c: rows.revoke_token(c, token_id, actor=actor, now=now, user_id=owner)):
            raise Refused("no_such_token")

    async def audit(self, *, before: int | None = None, actor: str = "") -> Sequence[AuditEntry]:
        async with self._database.async_reading() as connection:
            found = await rows.audit(connection, before=before, actor=actor)
        return [
            AuditEntry(
                id=each.id, at=from_ms(each.at), actor=each.actor, action=each.action, target=each.target,
                detail=each.detail,
            )
            for each in found
        ]  # fmt: skip

    # -- inside -----------------------------------------------------------------------------------------------------

    def _hold_back(self, address: str, name: str) -> None:
        wait_s = max(self._by_address.wait_s(address), self._by_name.wait_s(name))
        if wait_s > 0:
            raise Refused("too_many_tries", retry_after_s=wait_s)

    async def _open(self, user_id: int, visitor: Visitor, replaces: str) -> str:
        secret, now = secrets.token_urlsafe(32), self._now()
        await self._write(
            lambda c: rows.open_session(
                c, user_id, hash_of(secret), now=to_ms(now), expires_at=to_ms(now + LONGEST_SESSION),
                address=visitor.address[:64], agent=visitor.agent[:200], replaces=hash_of(replaces) if replaces else "",
            )
        )  # fmt: skip
        return secret

    async def _id(self, name: str) -> int:
        async with self._database.async_reading() as connection:
            user = await rows.user(connection, name)
        if user is None:
            raise Refused("no_such_user")
        return int(user.id)


def _letters(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Refused("name_bad")


def _check_password(password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused("password_length")


def _need_owner(connection: Connection) -> None:
    if not rows.owners(connection):
        raise Refused("last_owner")


def _row(grant: Grant) -> rows.GrantRow:
    bounds = grant.bounds
    return rows.GrantRow(role=grant.role, groups=bounds.groups, playbooks=bounds.playbooks, actions=bounds.actions)


def _grants(found: Sequence[rows.GrantRow]) -> tuple[Grant, ...]:
    """Roles that this program no longer knows give nothing."""
    return tuple(
        Grant(
            role=each.role,
            bounds=Bounds(groups=each.groups, playbooks=each.playbooks, actions=each.actions),
        )
        for each in found
        if each.role in ROLES
    )


def _bounds(row: Any) -> Bounds:
    groups, playbooks, actions = rows.bounds_of(row)
    return Bounds(groups=groups, playbooks=playbooks, actions=actions)


def _at(ms: int | None) -> datetime | None:
    return from_ms(ms) if ms is not None else None


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
