"""Roles, grants and bounds."""

from __future__ import annotations

import pytest

from bot.console.access import ACTIONS, EVERYWHERE, ROLES, Access, Action, Bounds, Grant
from bot.console.patterns import parse, shown


def may(access: Access, action: Action, group: str | None = None, playbook: str | None = None) -> bool:
    return access.may(action, group=group, playbook=playbook)


def test_each_role_is_within_the_next() -> None:
    """viewer ⊂ coach ⊂ operator ⊂ owner; only owners manage users."""
    owner, operator, coach, viewer = (ACTIONS[role] for role in ROLES)
    assert viewer < coach < operator < owner == frozenset(Action)
    assert Action.USERS_MANAGE not in operator
    assert all(action.endswith(".see") for action in viewer)


def test_bounds() -> None:
    """A uid, a beginning, a tag; a group and a playbook must be allowed by the same grant."""
    tags = {"qq:7": frozenset({"华东"})}
    access = Access(
        (
            Grant(role="operator", bounds=Bounds(groups=("qq:1", "sim:*"), playbooks=("camp",))),
            Grant(role="viewer", bounds=Bounds(groups=("tag:华东",))),
        ),
        tags_of=lambda group: tags.get(group, frozenset()),
    )
    assert may(access, Action.GROUPS_SEE, "qq:1")
    assert may(access, Action.GROUPS_SEE, "sim:x")
    assert not may(access, Action.GROUPS_SEE, "qq:2")
    assert not may(access, Action.GROUPS_SEE, "qq:11")
    assert may(access, Action.GROUPS_SEE, "qq:7")
    assert not may(access, Action.TASKS_DECIDE, "qq:7"), "a viewer there"
    assert may(access, Action.PLAYBOOKS_EDIT, "qq:1", "camp")
    assert not may(access, Action.PLAYBOOKS_EDIT, "qq:1", "other")
    assert not may(access, Action.PLAYBOOKS_EDIT, "qq:7", "camp"), "each grant alone"
    assert may(access, Action.TASKS_DECIDE), "somewhere"
    assert not any(may(access, action) for action in EVERYWHERE)


def test_actions_can_be_fewer() -> None:
    access = Access((Grant(role="owner", bounds=Bounds(actions=("members.*", "*.see"))),))
    assert may(access, Action.MEMBERS_ERASE)
    assert may(access, Action.AUDIT_SEE)
    assert not may(access, Action.USERS_MANAGE)
    assert not may(access, Action.PLAYBOOKS_PUBLISH)


@pytest.mark.parametrize("action", list(Action))
def test_a_token_only_narrows(action: Action) -> None:
    """Whatever its bounds say, a token does nothing that its user doesn't."""
    viewer = Access((Grant(role="viewer"),))
    assert may(viewer.narrow(Bounds()), action) == may(viewer, action)
    assert not may(viewer.narrow(Bounds(actions=())), action)
    owner = Access((Grant(role="owner"),)).narrow(Bounds(groups=("qq:1",)))
    assert not may(owner, action, "qq:2")


def test_who_sees_everything() -> None:
    """Without bounds, in one grant as a whole; a token's own bounds count."""
    bounded = Grant(role="owner", bounds=Bounds(groups=("qq:*",)))
    assert not Access((bounded,)).is_unbounded(Action.TODAY_SEE)
    whole = Access((bounded, Grant(role="viewer")))
    assert whole.is_unbounded(Action.TODAY_SEE)
    assert not whole.is_unbounded(Action.TASKS_DECIDE)
    assert not whole.narrow(Bounds(groups=("qq:1",))).is_unbounded(Action.TODAY_SEE)
    assert not Access((Grant(role="owner", bounds=Bounds(playbooks=("a",))),)).is_unbounded(Action.TODAY_SEE)


def test_nobody_may_nothing() -> None:
    assert not any(may(Access(), action) for action in Action)


def test_patterns_as_people_write_them() -> None:
    assert parse(" qq:1，qq:2、tag:华东\nsim:* ") == ("qq:1", "qq:2", "tag:华东", "sim:*")
    assert parse("  ") == ("*",)
    assert shown(("a", "b")) == "a, b"
