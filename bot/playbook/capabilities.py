"""Which network can do what, and what a play wants that the group's network lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.core.play import ALL_CAPABILITIES, Capability
from bot.playbook.nodes import Node
from bot.playbook.problems import Problem, Wording

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
        Capability.MENTION_ALL: Wording("群主或群管理员", "the owner or an admin"),
        Capability.APPROVE: Wording("群主或群管理员", "the owner or an admin"),
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


def capability_problems(
    play: Node, wants: Mapping[str, Capability], networks: Iterable[str], prefix: str
) -> Iterator[Problem]:
    """One warning per wanted capability and network that lacks it or ties it to a role."""
    for path, capability in wants.items():
        node, holder, key = _at(play, path)
        for network in sorted(networks):
            name, what = _NETWORKS[network], NAMES[capability]
            role = NEEDS_ROLE.get(network, {}).get(capability)
            if capability in LACKING.get(network, frozenset(ALL_CAPABILITIES)):
                code, zh, en = "PB401", f"{name.zh}不支持{what.zh}", f"{name.en} has no way of {what.en}"
            elif role is not None:
                code, zh, en = (
                    "PB402",
                    f"在 {name.zh} {what.zh}需要{role.zh}权限",
                    f"{what.en} needs {role.en} on {name.en}",
                )
            else:
                continue
            place = holder.key_place(key) if node.kind in ("map", "list") and node.style != "flow" else node.place()
            yield Problem(
                code=code,
                place=place,
                message=Wording(zh, en),
                hint=_fallback(holder),
                key=f"{prefix}.{path}" if path else prefix,
            )


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
