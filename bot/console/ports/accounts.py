"""What the console asks about its own users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.console.access import Access, Bounds, Grant


class Refused(Exception):
    """A request that can't be done. `code` names the words to say it in (`refused.<code>` of the catalogue), `detail` is
    what they hold of the engine's own words."""

    def __init__(self, code: str, *, retry_after_s: float = 0.0, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.retry_after_s, self.detail = code, retry_after_s, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a sign-in comes from."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. `session` is the hash of the session, "" for a token."""

    user_id: int
    name: str
    language: str
    access: Access
    session: str = ""
    token_id: int | None = None

    @property
    def actor(self) -> str:
        """As the audit log and decisions name them."""
        return f"console:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    name: str
    grants: tuple[Grant, ...]
    created_at: datetime
    is_disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    hash: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    id: int
    name: str
    user: str
    bounds: Bounds
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: str


class Accounts(Protocol):
    """Users, sessions and tokens. What can't be done raises `Refused`."""

    async def needs_set_up(self) -> bool:
        """Whether nobody can sign in yet."""
        ...

    async def set_up(self, code: str, name: str, password: str, visitor: Visitor) -> str:
        """Makes the first owner with the one-time code; the secret of their session."""
        ...

    async def sign_in(self, name: str, password: str, visitor: Visitor, *, replaces: str = "") -> str:
        """The secret of a new session; the session with the secret `replaces` ends."""
        ...

    async def sign_out(self, identity: Identity) -> None: ...

    async def identify(self, secret: str) -> Identity | None:
        """Whose living session this is."""
        ...

    async def identify_token(self, secret: str) -> Identity | None: ...

    async def users(self) -> Sequence[User]: ...

    async def add_user(self, name: str, password: str, grants: Sequence[Grant], actor: str) -> None: ...

    async def set_password(self, name: str, password: str, actor: str) -> None: ...

    async def change_password(self, identity: Identity, old: str, new: str) -> None:
        """One's own: the old one is asked for; other sessions end."""
        ...

    async def set_grants(self, name: str, grants: Sequence[Grant], actor: str) -> None: ...

    async def set_disabled(self, name: str, is_disabled: bool, actor: str) -> None: ...

    async def set_language(self, identity: Identity, language: str) -> None: ...

    async def sessions(self, identity: Identity) -> Sequence[Session]: ...

    async def tokens(self, identity: Identity | None = None) -> Sequence[Token]:
        """Of this user, or everybody's."""
        ...

    async def add_token(self, user: str, name: str, bounds: Bounds, actor: str, *, days: int | None = None) -> str:
        """The secret of the new token, which nobody can ask for again."""
        ...

    async def revoke_token(self, token_id: int, actor: str, *, of: Identity | None = None) -> None: ...

    async def audit(self, *, before: int | None = None, actor: str = "") -> Sequence[AuditEntry]: ...
