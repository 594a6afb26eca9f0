"""One request, as a page's function and its template see it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from bot.console.access import Action
from bot.console.ports import Backstage
from bot.console.ports.accounts import Identity, Visitor
from bot.console.streams import Hub
from bot.console.words import Language, Words


class NotHere(Exception):
    """There is nothing here for this caller: unknown, or out of their bounds, which must look the same."""


class Forbidden(Exception):
    """The caller's role does not do this anywhere."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was refused: what was typed (no secrets) and, per field, what is wrong with it, in words."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Call:
    """`identity` is None on public pages only; `me` is for all others."""

    request: Request
    ports: Backstage
    hub: Hub
    words: Words
    language: Language
    identity: Identity | None = None
    secret: str = ""
    """The session's, from the cookie; "" without one and for tokens."""
    is_api: bool = False
    filled: Filled = field(default_factory=Filled)
    said: str = ""

    @property
    def me(self) -> Identity:
        assert self.identity is not None, "a public page has no caller"
        return self.identity

    @property
    def params(self) -> Mapping[str, str]:
        """The path's parameters."""
        return self.request.path_params

    @property
    def visitor(self) -> Visitor:
        client = self.request.client
        return Visitor(address=client.host if client else "", agent=self.request.headers.get("user-agent", ""))

    @property
    def stream_owner(self) -> str:
        """Whom the open streams of this session or token are counted for."""
        return self.me.session or f"token:{self.me.token_id}"

    @property
    def csrf(self) -> str:
        return csrf_of(self.secret) if self.secret else ""

    @property
    def here(self) -> str:
        """The path and query of this page, to come back to."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def t(self, key: str, **values: object) -> str:
        """The words of `key` in the caller's language."""
        return self.words.get(self.language, key, **values)

    def may(self, action: Action | str, *, group: str | None = None, playbook: str | None = None) -> bool:
        """Whether the caller may do this there; None: somewhere."""
        if self.identity is None:
            return False
        wanted = action if isinstance(action, Action) else Action(action)
        return self.identity.access.may(wanted, group=group, playbook=playbook)

    def require(self, action: Action, *, group: str | None = None, playbook: str | None = None) -> None:
        """For what the path does not name: raises `NotHere` when it is out of the caller's bounds."""
        if not self.may(action, group=group, playbook=playbook):
            raise NotHere

    def scope(self, action: Action) -> Callable[[str], bool]:
        """Which groups (by uid) the caller may do this in: lists show no others."""
        return lambda group: self.may(action, group=group)


def csrf_of(secret: str) -> str:
    """The token of a session's forms: made from its secret, which the database does not know."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()
