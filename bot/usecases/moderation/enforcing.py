"""From observing to acting: `mode` of a rule, or of the whole play, written into the playbook's own text.

Only that text is proposed here, with what the checker and the comparison say of it; it is published like any other change.
"""

from __future__ import annotations

from datetime import date

from bot.console.ports.accounts import Refused
from bot.console.ports.moderation import Mode, Proposal
from bot.console.words import Language
from bot.playbook.edits import Edit, EditFailed, added, apply, replaced
from bot.playbook.load import Loaded
from bot.playbook.nodes import Node
from bot.plays.rules import RulesParams
from bot.plays.rules.modes import Change, change
from bot.usecases.playbooks import PlaybooksDesk, compared

_Path = tuple[str | int, ...]


async def propose(
    loaded: Loaded, playbooks: PlaybooksDesk, playbook: str, play: str, rule: str, mode: Mode, day: date,
    language: Language,
) -> Proposal:  # fmt: skip
    """The playbook's text with the change in it. Raises `Refused`."""
    found = next((each for each in loaded.playbooks if each.id == playbook and each.is_available), None)
    active = next((each for each in found.variant().plays if each.name == play), None) if found is not None else None
    if found is None or found.tree is None or active is None or not isinstance(active.params, RulesParams):
        raise Refused("not_running")
    if rule and rule not in active.params.book.by_id:
        raise Refused("no_such_rule")
    try:
        wanted = change(active.params, day, rule, mode)
    except ValueError:
        raise Refused("rollout") from None
    if wanted.is_nothing:
        raise Refused("same_mode")
    book = found.path.replace("/", "~")
    file = await playbooks.book(book, language)
    tree = found.tree.get("plays", play)
    if file is None or tree is None or tree.source.path != found.path:
        raise Refused("elsewhere")
    if file.source.replace("\r\n", "\n") != tree.source.text:
        raise Refused("changed_meanwhile")
    try:
        edits, meant = _written(tree, play, wanted, found.path)
        source = apply(tree.source.text, edits, meant)
    except EditFailed:
        raise Refused("elsewhere") from None
    checked = await playbooks.check(book, source, language)
    return Proposal(
        playbook=playbook, play=play, rule=rule, mode=mode, book=book, path=found.path, base=file.base, source=source,
        changed=tuple(compared(file.source, source)),         findings=tuple(f"{each.path}:{each.line} {each.message}" for each in checked.findings if each.severity == "error"),
        is_sound=checked.is_sound, selectors=checked.selectors, row=None, groups=(),
    )  # fmt: skip


def _written(tree: Node, play: str, wanted: Change, path: str) -> tuple[list[Edit], list[tuple[_Path, str]]]:
    """The edits, and what they are meant to change. Raises `Refused` where the rules stand in a shared file."""
    edits, meant = [], list[tuple[_Path, str]]()
    if wanted.play is not None:
        edits.append(_mode(tree, wanted.play))
        meant.append((("plays", play, "mode"), wanted.play))
    rules = tree.children.get("rules")
    for place, mode in wanted.rules.items():
        if rules is None or rules.source.path != path:
            raise Refused("elsewhere")
        edits.append(_mode(rules.elements[place], mode))
        meant.append((("plays", play, "rules", place, "mode"), mode))
    return edits, meant


def _mode(node: Node, mode: Mode) -> Edit:
    written = node.children.get("mode")
    if written is not None and written.source is node.source:
        return replaced(written, mode)
    return added(node, "mode", mode)
