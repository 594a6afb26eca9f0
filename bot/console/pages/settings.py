"""Settings of the installation: who may use the console, and what was done with it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.console.access import ROLES, Action, Bounds, Grant, Role
from bot.console.call import Call
from bot.console.page import Area, Done, Query, View
from bot.console.patterns import Lines, shown

area = Area("settings", icon="settings", order=90, section="house")


class GrantView(View):
    role: Role
    groups: str
    playbooks: str
    actions: str


class UserView(View):
    name: str
    grants: tuple[GrantView, ...]
    created_at: datetime
    is_disabled: bool
    is_me: bool


class UsersView(View):
    users: tuple[UserView, ...]
    roles: tuple[Role, ...] = ROLES


class NewUser(Query):
    name: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=8, max_length=256)
    role: Role = "viewer"
    groups: Lines = ("*",)
    playbooks: Lines = ("*",)
    actions: Lines = ("*",)

    def grant(self) -> Grant:
        bounds = Bounds(groups=self.groups, playbooks=self.playbooks, actions=self.actions)
        return Grant(role=self.role, bounds=bounds)


class NewGrants(Query):
    role: Role
    groups: Lines = ("*",)
    playbooks: Lines = ("*",)
    actions: Lines = ("*",)


class NewPassword(Query):
    password: str = Field(min_length=8, max_length=256)


class AuditQuery(Query):
    before: int | None = None
    actor: str = ""


class AuditRow(View):
    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: str


class AuditView(View):
    rows: tuple[AuditRow, ...]
    actor: str
    older: int | None
    """The id to go on before; None at the end."""


@area.view("/settings/users", needs=Action.USERS_MANAGE, template="settings/users.html")
async def users(call: Call) -> UsersView:
    found = await call.ports.accounts.users()
    return UsersView(
        users=tuple(
            UserView(
                name=each.name, grants=tuple(_grant(grant) for grant in each.grants), created_at=each.created_at,
                is_disabled=each.is_disabled, is_me=each.id == call.me.user_id,
            )
            for each in found
        )
    )  # fmt: skip


@area.act("/settings/users", needs=Action.USERS_MANAGE, form="users")
async def add_user(call: Call, body: NewUser) -> Done:
    await call.ports.accounts.add_user(body.name, body.password, [body.grant()], call.me.actor)
    return Done(said="user_added", to="/settings/users")


@area.act("/settings/users/{user}/grants", needs=Action.USERS_MANAGE, form="users")
async def set_grants(call: Call, body: NewGrants) -> Done:
    """Replaces all of the user's grants by this one."""
    bounds = Bounds(groups=body.groups, playbooks=body.playbooks, actions=body.actions)
    await call.ports.accounts.set_grants(call.params["user"], [Grant(role=body.role, bounds=bounds)], call.me.actor)
    return Done(said="user_changed", to="/settings/users")


@area.act("/settings/users/{user}/password", needs=Action.USERS_MANAGE, form="users")
async def set_password(call: Call, body: NewPassword) -> Done:
    """Ends all sessions of the user."""
    await call.ports.accounts.set_password(call.params["user"], body.password, call.me.actor)
    return Done(said="password_changed", to="/settings/users")


@area.act("/settings/users/{user}/disable", needs=Action.USERS_MANAGE, form="users")
async def disable(call: Call) -> Done:
    await call.ports.accounts.set_disabled(call.params["user"], True, call.me.actor)
    return Done(said="user_changed", to="/settings/users")


@area.act("/settings/users/{user}/enable", needs=Action.USERS_MANAGE, form="users")
async def enable(call: Call) -> Done:
    await call.ports.accounts.set_disabled(call.params["user"], False, call.me.actor)
    return Done(said="user_changed", to="/settings/users")


@area.view("/settings/audit", needs=Action.AUDIT_SEE, template="settings/audit.html", part="settings/audit_rows.html")
async def audit(call: Call, query: AuditQuery) -> AuditView:
    """What was done with the console and the command line, newest first."""
    found = await call.ports.accounts.audit(before=query.before, actor=query.actor)
    rows = tuple(
        AuditRow(
            id=each.id, at=each.at, actor=each.actor, action=each.action, target=each.target, detail=each.detail
        )
        for each in found
    )  # fmt: skip
    return AuditView(rows=rows, actor=query.actor, older=rows[-1].id if len(rows) >= 50 else None)


def _grant(grant: Grant) -> GrantView:
    bounds = grant.bounds
    return GrantView(
        role=grant.role, groups=shown(bounds.groups), playbooks=shown(bounds.playbooks), actions=shown(bounds.actions)
    )  # fmt: skip
