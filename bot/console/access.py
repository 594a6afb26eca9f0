"""Who may do what, purely.

An action is what a route or command needs (`tasks.decide`). A role is a set of actions. A grant is a role within bounds:
groups, playbooks and actions, each a list of patterns. What one grant allows is enough; a token only narrows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, get_args

Role = Literal["owner", "operator", "coach", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)


class Action(StrEnum):
    """What can be done. The part before the dot is the area; a pattern such as `members.*` means all of it."""

    TODAY_SEE = "today.see"
    TASKS_DECIDE = "tasks.decide"
    OUTBOX_RESEND = "outbox.resend"
    GROUPS_SEE = "groups.see"
    GROUPS_EDIT = "groups.edit"
    MESSAGES_SEE = "messages.see"
    PLAYBOOKS_SEE = "playbooks.see"
    PLAYBOOKS_EDIT = "playbooks.edit"
    PLAYBOOKS_PUBLISH = "playbooks.publish"
    CALENDAR_SEE = "calendar.see"
    CALENDAR_EDIT = "calendar.edit"
    CALENDAR_SEND = "calendar.send"
    CHAIN_SEE = "chain.see"
    CHAIN_EDIT = "chain.edit"
    QUIZ_SEE = "quiz.see"
    CHECKIN_SEE = "checkin.see"
    CHECKIN_REVIEW = "checkin.review"
    MODERATION_SEE = "moderation.see"
    MODERATION_DECIDE = "moderation.decide"
    MODERATION_ENFORCE = "moderation.enforce"
    MEMBERS_SEE = "members.see"
    MEMBERS_EDIT = "members.edit"
    MEMBERS_EXPORT = "members.export"
    MEMBERS_ERASE = "members.erase"
    INSIGHT_SEE = "insight.see"
    INSIGHT_EXPORT = "insight.export"
    TRYOUT_USE = "tryout.use"
    SETTINGS_SEE = "settings.see"
    SETTINGS_EDIT = "settings.edit"
    USERS_MANAGE = "users.manage"
    AUDIT_SEE = "audit.see"


EVERYWHERE = frozenset((Action.SETTINGS_SEE, Action.SETTINGS_EDIT, Action.USERS_MANAGE, Action.AUDIT_SEE))
"""Actions that concern the whole installation: a grant with bounds never allows them."""

_SEEING = frozenset(action for action in Action if action.endswith(".see") and action not in EVERYWHERE)
_COACHING = _SEEING | {
    Action.TASKS_DECIDE, Action.CHECKIN_REVIEW, Action.MODERATION_DECIDE, Action.MEMBERS_EDIT, Action.CHAIN_EDIT,
    Action.TRYOUT_USE,
}  # fmt: skip
_OPERATING = frozenset(Action) - {
    Action.USERS_MANAGE, Action.SETTINGS_EDIT, Action.AUDIT_SEE, Action.MEMBERS_ERASE,
}  # fmt: skip
ACTIONS: Mapping[Role, frozenset[Action]] = {
    "owner": frozenset(Action),
    "operator": _OPERATING,
    "coach": _COACHING,
    "viewer": _SEEING,
}

Patterns = tuple[str, ...]
ANY: Patterns = ("*",)
TagsOf = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`groups`: uids (`qq:10001`), beginnings (`qq:*`) or tags (`tag:华东`). `playbooks`: names. `actions`: `members.*`."""

    groups: Patterns = ANY
    playbooks: Patterns = ANY
    actions: Patterns = ANY

    def admits(self, action: Action, group: str | None, playbook: str | None, tags_of: TagsOf) -> bool:
        """Whether these bounds let `action` through; None asks for some group, some playbook."""
        if not _matches(action, self.actions):
            return False
        if action in EVERYWHERE:
            return "*" in self.groups and "*" in self.playbooks
        in_group = group is None or _matches(group, self.groups) or _is_tagged(group, self.groups, tags_of)
        return in_group and (playbook is None or _matches(playbook, self.playbooks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    role: Role
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class Access:
    """What one signed-in user, or a token of theirs, may do."""

    grants: tuple[Grant, ...] = ()
    narrowed: Bounds = Bounds()
    """A token's own bounds."""
    tags_of: TagsOf = lambda group: frozenset()

    def may(self, action: Action, *, group: str | None = None, playbook: str | None = None) -> bool:
        """Whether `action` is allowed in this group and playbook; None: in at least one.

        A group and a playbook must be allowed by the same grant.
        """
        if not self.narrowed.admits(action, group, playbook, self.tags_of):
            return False
        return any(
            action in ACTIONS[grant.role] and grant.bounds.admits(action, group, playbook, self.tags_of)
            for grant in self.grants
        )

    def is_unbounded(self, action: Action) -> bool:
        """Whether `action` is allowed in every group and playbook: lists need not ask for each."""
        granting = [grant.bounds for grant in self.grants if action in ACTIONS[grant.role]]
        return _is_whole(self.narrowed, action) and any(_is_whole(bounds, action) for bounds in granting)

    def narrow(self, bounds: Bounds) -> Access:
        return replace(self, narrowed=bounds)


def _is_whole(bounds: Bounds, action: Action) -> bool:
    return "*" in bounds.groups and "*" in bounds.playbooks and _matches(action, bounds.actions)


def _matches(name: str, patterns: Patterns) -> bool:
    """A pattern is a name, or has one `*` that stands for anything."""
    if "*" in patterns:
        return True
    for pattern in patterns:
        before, star, after = pattern.partition("*")
        is_long_enough = len(name) >= len(before) + len(after)
        if name == pattern or (star and is_long_enough and name.startswith(before) and name.endswith(after)):
            return True
    return False


def _is_tagged(group: str, patterns: Patterns, tags_of: TagsOf) -> bool:
    tags = [each.removeprefix("tag:") for each in patterns if each.startswith("tag:")]
    return bool(tags) and not tags_of(group).isdisjoint(tags)
