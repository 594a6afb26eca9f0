"""Who answers to which word: two plays of one group that claim the same command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.core.text import fold
from bot.playbook.model import ActivePlay
from bot.playbook.nodes import Node
from bot.playbook.problems import Place, Problem, Wording


def spellings(active: ActivePlay) -> dict[str, str]:
    """Folded spelling → word as the play names it."""
    found: dict[str, str] = {}
    for spec in active.play.commands(active.params):
        for word in (spec.name, *spec.aliases):
            found.setdefault(fold(word), word)
    return found


def command_clashes(plays: Sequence[ActivePlay], nodes: Mapping[str, Node], parent: Node | None) -> Iterator[Problem]:
    """An error where both plays write the word themselves, one warning per pair where it comes by default."""
    owners: dict[str, ActivePlay] = {}
    by_default: dict[tuple[str, str], list[str]] = {}
    for active in plays:
        for folded, word in spellings(active).items():
            first = owners.setdefault(folded, active)
            if first is active:
                continue
            mine, theirs = _written(nodes[active.name], folded), _written(nodes[first.name], folded)
            if mine is None or theirs is None:
                by_default.setdefault((first.name, active.name), []).append(word)
                continue
            where = f"(第 {theirs.line} 行)" if theirs.path == mine.path else ""
            yield Problem(
                code="PB307",
                place=mine,
                message=Wording(
                    f"口令「{word}」已经属于「{first.name}」{where}",
                    f"the command `{word}` belongs to `{first.name}` already (line {theirs.line})",
                ),
                hint=Wording("给其中一个换个说法", "give one of them another word"),
                key=f"plays.{active.name}",
            )
    for (first_name, name), words in by_default.items():
        yield Problem(
            code="PB308",
            place=parent.key_place(name) if parent else nodes[name].place(),
            message=Wording(
                f"「{first_name}」也有口令 {listed(words)},会先应答",
                f"`{first_name}` has the command {listed(words, ', ')} as well and answers first",
            ),
            key=f"plays.{name}",
        )


def listed(words: Sequence[str], comma: str = "、") -> str:
    """The first few of `words`."""
    return comma.join(words[:4]) + (" …" if len(words) > 4 else "")


def _written(node: Node, folded: str) -> Place | None:
    for _, scalar in node.scalars():
        if scalar.kind == "text" and len(scalar.value) <= 24 and fold(scalar.value) == folded:
            return scalar.place()
    return None


def playbook_clashes(
    first: Sequence[ActivePlay], second: Sequence[ActivePlay]
) -> Iterator[tuple[str, ActivePlay, ActivePlay]]:
    """(word, its owner in the first playbook, the play of the second that will not hear it)."""
    owners = {folded: active for active in first for folded in spellings(active)}
    for active in second:
        for folded, word in spellings(active).items():
            if folded in owners:
                yield word, owners[folded], active
