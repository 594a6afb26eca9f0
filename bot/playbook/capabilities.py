"""Which network can do what, and what a play wants that the group's network lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.play import ALL_CAPABILITIES, Capability
from bot.playbook.nodes import Node
from bot.playbook.problems import Place, Problem, Wording

LACKING: Mapping[str, frozenset[Capability]] = {
    "qq": frozenset(),
    "sim": frozenset(),
    "wechat": frozenset(
        {
            Capability.MUTE,
            Capability.MUTE_ALL,
            Capability.RECALL_OTHERS,
            Capability.SET_CARD,
            Capability.SET_TITLE,
            Capability.HISTORY,
            Capability.MENTION_ALL,
            Capability.APPROVE,
        }
    ),
}
"""What no account of the network can do, whatever its role."""

NEEDS_ROLE: Mapping[str, Mapping[Capability, Wording]] = {
    "qq": {
        Capability.MUTE: Wording("管理员", "an admin"),
        Capability.MUTE_ALL: Wording("管理员", "an admin"),
        Capability.KICK: Wording("管理员", "an admin"),
        Capability.RECALL_OTHERS: Wording("管理员", "an admin"),
        Capability.ANNOUNCE: Wording("管理员", "an admin"),
        Capability.MENTION_ALL: Wording("管理员", "an admin"),
        Capability.APPROVE: Wording("管理员", "an admin"),
        Capability.SET_TITLE: Wording("群主", "the owner"),
    },
    "wechat": {
        Capability.KICK: Wording("群主或群管理员", "the owner or an admin"),
        Capability.ANNOUNCE: Wording("群主或群管理员", "the owner or an admin"),
    },
}

NAMES: Mapping[Capability, Wording] = {
    Capability.MUTE: Wording("禁言", "muting"),
    Capability.MUTE_ALL: Wording("全员禁言", "muting everybody"),
    Capability.KICK: Wording("踢人", "removing a member"),
    Capability.RECALL_OTHERS: Wording("撤回别人的消息", "recalling others' messages"),
    Capability.RECALL_OWN: Wording("撤回自己的消息", "recalling own messages"),
    Capability.ANNOUNCE: Wording("发群公告", "posting an announcement"),
    Capability.SET_CARD: Wording("改群名片", "changing cards"),
    Capability.SET_TITLE: Wording("发专属头衔", "giving titles"),
    Capability.MENTION_ALL: Wording("@全体成员", "mentioning everybody"),
    Capability.APPROVE: Wording("审批入群", "answering join requests"),
    Capability.PRIVATE: Wording("私聊", "private messages"),
    Capability.PICTURE: Wording("发图片", "sending pictures"),
    Capability.FILE: Wording("发文件", "sending files"),
    Capability.HISTORY: Wording("读取历史消息", "reading the history"),
}
_NETWORKS: Mapping[str, Wording] = {
    "qq": Wording("QQ", "QQ"),
    "wechat": Wording("微信", "WeChat"),
    "sim": Wording("模拟群", "the simulator"),
}
_FALLBACK_KEYS = ("fallback", "otherwise", "else", "or")


@dataclass(frozen=True, slots=True)
class Want:
    """One capability that a play relies on, and where its params say so."""

    play: str
    capability: Capability
    place: Place
    fallback: Wording


def wants_of(name: str, node: Node, wants: Mapping[str, Capability]) -> Iterator[Want]:
    """`wants` are dotted paths of params → capability."""
    for path, capability in wants.items():
        found, holder, key = _at(node, path)
        is_block = found.kind in ("map", "list") and found.style != "flow"
        place = holder.key_place(key) if is_block else found.place()
        yield Want(name, capability, place, _fallback(holder))


def capability_problems(wants: Sequence[Want], networks: Iterable[str]) -> Iterator[Problem]:
    """One warning per network, play and capability that the network lacks; one per network for all that needs a role."""
    for network in sorted(networks):
        lacking: dict[tuple[str, Capability, Wording], list[Want]] = {}
        tied: dict[Wording, list[Want]] = {}
        for want in wants:
            role = NEEDS_ROLE.get(network, {}).get(want.capability)
            if want.capability in LACKING.get(network, frozenset(ALL_CAPABILITIES)):
                lacking.setdefault((want.play, want.capability, want.fallback), []).append(want)
            elif role is not None:
                tied.setdefault(role, []).append(want)
        name = _NETWORKS[network]
        for (play, capability, fallback), group in lacking.items():
            what = NAMES[capability]
            yield Problem(
                code="PB401",
                place=group[0].place,
                message=Wording(
                    f"{name.zh}不支持{what.zh}{_others(group).zh}",
                    f"{name.en} has no way of {what.en}{_others(group).en}",
                ),
                hint=fallback,
                key=f"plays.{play}",
            )
        for role, group in tied.items():
            whats = list(dict.fromkeys(NAMES[want.capability] for want in group))
            yield Problem(
                code="PB402",
                place=group[0].place,
                message=Wording(
                    f"在{_spaced(name.zh)}{'、'.join(what.zh for what in whats)}需要{role.zh}权限",
                    f"on {name.en} {', '.join(what.en for what in whats)} need{'s' if len(whats) == 1 else ''} {role.en}",
                ),
                hint=Wording(
                    f"把机器人的账号设为{role.zh};没有权限时这些步骤会降级",
                    "give the bot's account the role; without it these steps fall back",
                ),
                key=f"plays.{group[0].play}",
            )


def _others(group: Sequence[Want]) -> Wording:
    lines = sorted({want.place.line for want in group[1:]} - {group[0].place.line})
    if not lines:
        return Wording("", "")
    return Wording(
        f"(还有第 {'、'.join(map(str, lines))} 行)",
        f" (also line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))})",
    )


def _spaced(name: str) -> str:
    return f" {name} " if name.isascii() else name


def _fallback(holder: Node) -> Wording:
    for key in _FALLBACK_KEYS:
        node = holder.children.get(key) if holder.kind == "map" else None
        if node is not None and node.kind not in ("map", "list"):
            return Wording(
                f"做不到时按第 {node.line} 行的 {key}: {node.value} 处理",
                f"falls back to `{key}: {node.value}`, line {node.line}",
            )
    return Wording(
        "做不到时这一步会降级,并在记录里写明", "where it is not possible the play falls back and the trace says so"
    )


def _at(play: Node, path: str) -> tuple[Node, Node, str]:
    node, holder, key = play, play, ""
    for step in path.split(".") if path else ():
        below = (
            node.get(int(step))
            if node.kind == "list" and step.isdigit()
            else node.get(step)
            if node.kind == "map"
            else None
        )
        if below is None:
            break
        node, holder, key = below, node, step
    return node, holder, key
