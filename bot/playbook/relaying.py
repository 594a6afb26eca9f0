"""What `check` says where a person sends for the bot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.playbook.model import ActivePlay, Header
from bot.playbook.nodes import Node
from bot.playbook.problems import Problem, Wording


def relay_problems(tree: Node, header: Header, plays: Sequence[ActivePlay]) -> Iterator[Problem]:
    """`plays`: those that run."""
    node = tree.children.get("relay")
    if header.relay is None or node is None:
        return
    if not header.operators:
        yield Problem(
            code="PB403",
            place=node.place(),
            message=Wording(
                "relay 要人代发,但没有写 operators", "relay needs somebody to send, and names no operators"
            ),
            hint=Wording("在这里或 groups.yaml 写 operators: [wechat:wxid_…]", "name them: operators: [wechat:wxid_…]"),
            key="relay",
        )
    for each in plays:
        if not each.play.can_wait:
            name = each.name
            yield Problem(
                code="PB404",
                place=node.place(),
                message=Wording(f"「{name}」等不了人代发", f"`{name}` can't wait until a person sends"),
                hint=Wording(
                    f"这个群写 plays: {{{name}: {{enabled: false}}}}", f"plays: {{{name}: {{enabled: false}}}}"
                ),
                key="relay",
            )
