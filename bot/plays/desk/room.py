"""What operators do with the group itself from the chat: notice, name, recall, forward, add, remark.

Each is one effect; what became of it comes back as `EffectSettled`, and the operator is told, whether it worked or why not.
The effect's key carries what was asked and who is told: the desk keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.core.effects import Announce, Effect, Forward, Invite, Literally, Recall, Rename, Say, SetRemark, Template
from bot.core.events import EffectSettled, MessageReceived
from bot.core.play import CommandSpec, Context
from bot.core.segments import Text

ANNOUNCE, RENAME, RECALL, FORWARD, INVITE, REMARK = "群公告", "改群名", "撤回消息", "转发到", "拉人", "备注"
_LONGEST_NAME = 30
_LONGEST_NOTICE = 1_000
"""Characters: what every network shows of a notice."""

SPECS = (
    CommandSpec(name=ANNOUNCE, rest="optional", for_operators=True, help="发群公告：群公告 内容"),
    CommandSpec(name=RENAME, rest="optional", for_operators=True, help="改群名：改群名 新名字"),
    CommandSpec(name=RECALL, rest="none", for_operators=True, help="引用一条消息，撤回它"),
    CommandSpec(name=FORWARD, rest="optional", for_operators=True, help="引用一条消息：转发到 群编号"),
    CommandSpec(name=INVITE, rest="optional", for_operators=True, help="拉人进群：拉人 成员编号"),
    CommandSpec(name=REMARK, rest="optional", for_operators=True, help="给好友写备注：备注 @某人 内容"),
)

_Make = Callable[[MessageReceived, Context[Any], str, str], Effect | None]


def act(event: MessageReceived, ctx: Context[Any], name: str, rest: str) -> Effect:
    """The effect that the command asks for, or the answer how to write it."""
    to = event.member if event.is_private else ""
    key = f"{name}|{to}|{event.message_id}"
    return _MAKE[name](event, ctx, rest, key) or _say("room_how", {"name": name}, to)


def settled(event: EffectSettled) -> Effect | None:
    """What the operator is told when the network has answered; None for what is not ours."""
    name, _, rest = event.key.partition("|")
    if name not in _MAKE:
        return None
    return _say(
        "room_done", {"name": name, "outcome": event.outcome, "error": event.error[:200]}, rest.partition("|")[0]
    )


def _announce(event: MessageReceived, ctx: Context[Any], rest: str, key: str) -> Effect | None:
    return Announce(words=Literally(rest), key=key) if 0 < len(rest) <= _LONGEST_NOTICE else None


def _rename(event: MessageReceived, ctx: Context[Any], rest: str, key: str) -> Effect | None:
    return Rename(name=rest, key=key) if 0 < len(rest) <= _LONGEST_NAME else None


def _recall(event: MessageReceived, ctx: Context[Any], rest: str, key: str) -> Effect | None:
    return Recall(message_id=event.reply_to, key=key) if event.reply_to else None


def _forward(event: MessageReceived, ctx: Context[Any], rest: str, key: str) -> Effect | None:
    into = _uid(rest, ctx)
    return (
        Forward(message_id=event.reply_to, into=into, key=key) if event.reply_to and into != ctx.chat and into else None
    )


def _invite(event: MessageReceived, ctx: Context[Any], rest: str, key: str) -> Effect | None:
    member = _uid(rest, ctx)
    return Invite(member=member, key=key) if member else None


def _remark(event: MessageReceived, ctx: Context[Any], rest: str, key: str) -> Effect | None:
    whom = [uid for uid in event.mentions if uid != ctx.account]
    # What follows the mention is the remark; without segments it is what follows the name.
    words = "".join(part.text for part in event.segments if isinstance(part, Text)) if event.segments else rest
    words = words.strip().removeprefix("/").removeprefix(REMARK).strip()
    return SetRemark(member=whom[0], remark=words[:_LONGEST_NAME], key=key) if len(whom) == 1 else None


def _uid(text: str, ctx: Context[Any]) -> str:
    """One id as operators write it, with or without its network; "" for anything else."""
    if not text or len(text.split()) != 1:
        return ""
    network = ctx.chat.partition(":")[0]
    return text if text.startswith(f"{network}:") else "" if ":" in text else f"{network}:{text}"


def _say(template: str, data: dict[str, Any], to: str) -> Say:
    return Say(words=Template(f"desk/{template}", data), to=to or None)


_MAKE: dict[str, _Make] = {
    ANNOUNCE: _announce, RENAME: _rename, RECALL: _recall, FORWARD: _forward, INVITE: _invite, REMARK: _remark,
}  # fmt: skip
