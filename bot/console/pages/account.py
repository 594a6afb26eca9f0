"""One's own account: password, browsers that are signed in, tokens for programs."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.console.access import Bounds
from bot.console.call import Call, NotHere
from bot.console.page import Area, Done, Open, Query, View
from bot.console.patterns import Lines, shown

area = Area("account")


class SessionView(View):
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    is_this: bool


class TokenView(View):
    id: int
    name: str
    groups: str
    playbooks: str
    actions: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class AccountView(View):
    name: str
    sessions: tuple[SessionView, ...]
    tokens: tuple[TokenView, ...]


class Password(Query):
    old_password: str = Field(min_length=1, max_length=1000)
    new_password: str = Field(min_length=8, max_length=256)


class NewToken(Query):
    name: str = Field(min_length=1, max_length=80)
    days: int | None = Field(default=90, ge=1, le=3650)
    groups: Lines = ("*",)
    playbooks: Lines = ("*",)
    actions: Lines = ("*",)


@area.view("/account", needs=Open.SIGNED_IN, template="account/index.html")
async def index(call: Call) -> AccountView:
    accounts = call.ports.accounts
    sessions, tokens = await accounts.sessions(call.me), await accounts.tokens(call.me)
    return AccountView(
        name=call.me.name,
        sessions=tuple(
            SessionView(
                created_at=each.created_at, seen_at=each.seen_at, address=each.address, agent=each.agent,
                is_this=each.hash == call.me.session,
            )
            for each in sessions
        ),
        tokens=tuple(
            TokenView(
                id=each.id, name=each.name, groups=shown(each.bounds.groups), playbooks=shown(each.bounds.playbooks),
                actions=shown(each.bounds.actions), created_at=each.created_at, expires_at=each.expires_at,
                used_at=each.used_at,
            )
            for each in tokens
        ),
    )  # fmt: skip


@area.act("/account/password", needs=Open.SIGNED_IN, form="index", has_twin=False)
async def change_password(call: Call, body: Password) -> Done:
    """Ends all other sessions."""
    await call.ports.accounts.change_password(call.me, body.old_password, body.new_password)
    return Done(said="password_changed", to="/account")


@area.act("/account/tokens", needs=Open.SIGNED_IN, form="index", template="account/token_made.html")
async def add_token(call: Call, body: NewToken) -> Done:
    """A key for a program: what its owner may do, or less. Its secret is in this answer and never again."""
    if call.me.token_id is not None:
        raise NotHere  # a token makes no tokens: it could outlive and outreach itself
    bounds = Bounds(groups=body.groups, playbooks=body.playbooks, actions=body.actions)
    secret = await call.ports.accounts.add_token(call.me.name, body.name, bounds, call.me.actor, days=body.days)
    return Done(said="token_added", to="/account", secret=secret)


@area.act("/account/tokens/{token:int}/revoke", needs=Open.SIGNED_IN)
async def revoke_token(call: Call) -> Done:
    await call.ports.accounts.revoke_token(int(call.params["token"]), call.me.actor, of=call.me)
    return Done(said="token_revoked", to="/account")
