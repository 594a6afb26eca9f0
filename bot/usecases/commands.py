"""What `qunops console` and `qunops members` do: the same acts for the running bot's control port and for a bot that is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.console.access import ANY, ROLES, Bounds, Grant
from bot.console.ports.accounts import Accounts, Refused
from bot.console.ports.members import MembersPort


async def act(accounts: Accounts, what: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Does `what` and answers in plain values. Raises `Refused`, `LookupError` for an act that does not exist."""
    actor = str(data.get("by", "cli"))
    name = str(data.get("name", ""))
    match what:
        case "user-add":
            await accounts.add_user(name, str(data["password"]), [_grant(data)], actor)
        case "user-password":
            await accounts.set_password(name, str(data["password"]), actor)
        case "user-role":
            await accounts.set_grants(name, [_grant(data)], actor)
        case "user-disable" | "user-enable":
            await accounts.set_disabled(name, what == "user-disable", actor)
        case "token-add":
            days = data.get("days")
            days = int(days) if days is not None else None
            secret = await accounts.add_token(str(data["user"]), name, _bounds(data), actor, days=days)
            return {"secret": secret}
        case "token-revoke":
            await accounts.revoke_token(int(data["id"]), actor)
        case _:
            raise LookupError(what)
    return {}


async def member_act(members: MembersPort, what: str, data: Mapping[str, Any]) -> bool:
    """Does `what` about a member; False when nothing changed. Raises `LookupError` for an act that does not exist."""
    actor, uid = str(data.get("by", "console:cli")), str(data.get("member", ""))
    match what:
        case "tag" | "untag":
            return await members.set_tag(uid, str(data["group"]), str(data["tag"]), what == "tag", actor)
        case "note":
            words, day = str(data["text"]), str(data.get("follow_on", ""))
            return await members.add_note(uid, str(data["group"]), words, day, actor)
        case "done":
            return await members.settle_note(int(data["note"]), actor)
    raise LookupError(what)


async def listed(accounts: Accounts, what: str) -> list[dict[str, Any]]:
    """`users`, `tokens` or `audit`, as plain values."""
    match what:
        case "users":
            return [asdict(each) for each in await accounts.users()]
        case "tokens":
            return [asdict(each) for each in await accounts.tokens()]
        case "audit":
            return [asdict(each) for each in await accounts.audit()]
    raise LookupError(what)


def _grant(data: Mapping[str, Any]) -> Grant:
    role = str(data.get("role", ""))
    if role not in ROLES:
        raise Refused("no_such_role")
    return Grant(role=role, bounds=_bounds(data))


def _bounds(data: Mapping[str, Any]) -> Bounds:
    return Bounds(
        groups=tuple(data.get("groups") or ANY), playbooks=tuple(data.get("playbooks") or ANY),
        actions=tuple(data.get("actions") or ANY),
    )  # fmt: skip
