"""The playbook language: kinds of play, every key, every word that a play answers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from bot.core.play import CommandSpec
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.header import Base, Common, Group, Head, Purpose
from bot.playbook.reference import Entry, entries_of, find
from bot.playbook.wording import Lang
from bot.plays import all_plays
from docs.generator import tables
from docs.generator.moment import NOW

_EXAMPLES = Path(__file__).parents[2] / "playbooks"
_DEPTH = 5
_MODELS: dict[str, type[BaseModel]] = {"head": Head, "base": Base, "group": Group, "common": Common}
_ELSEWHERE: dict[str, type[BaseModel]] = {"purpose": Purpose}


def kinds(lang: Lang, folder: str = "plays") -> str:
    """The kinds of play, with their pages in `folder`."""
    head = ("玩法", "kind", "口令举例") if lang == "zh" else ("Kind", "In Chinese", "some of its words")
    rows = []
    for kind, play in all_plays().items():
        names = (play.title, tables.code(kind)) if lang == "zh" else (tables.code(kind), play.title)
        rows.append((f"[{names[0]}]({folder}/{kind}.md)", names[1], "、".join(_words_of(kind)[:5])))
    return tables.table(head, rows)


def head_keys(lang: Lang, which: str = "head") -> str:
    """The keys of a playbook's head, of `base.yaml` and `groups.yaml`, or those that every play has."""
    own = _MODELS[which]
    known = {entry.key for entry in entries_of(Head)} if which in ("base", "group") else set()
    entries = [entry for entry in entries_of(own) if entry.key not in known]
    if which == "head":
        entries = [each for entry in entries for each in (entry, *_below(entry))]
    return _table(entries, lang)


def _below(entry: Entry) -> Iterator[Entry]:
    if entry.key in _ELSEWHERE:
        yield from entries_of(_ELSEWHERE[entry.key], f"{entry.key}.")


def play_keys(lang: Lang, kind: str) -> str:
    """Every key of one kind of play, those inside of others too."""
    common = {f"{kind}.{name}" for name in Common.model_fields}
    return _table((entry for entry in _tree(kind) if entry.key not in common), lang, drop=f"{kind}.")


def _tree(key: str, depth: int = 0) -> Iterator[Entry]:
    first, *inner = find(key.split("."), all_plays())
    if depth:
        yield first
    for entry in inner:
        if depth < _DEPTH and entry.keys:
            yield from _tree(entry.key, depth + 1)
        else:
            yield entry


def play_words(lang: Lang, kind: str) -> str:
    """What members and operators type, as the shipped examples set it up."""
    head = ("口令", "也可以写", "谁", "作用") if lang == "zh" else ("Word", "also", "who", "what it does")
    who = ("成员", "运营") if lang == "zh" else ("members", "operators")
    rows = []
    for spec in _specs(kind):
        rows.append((spec.name, "、".join(spec.aliases), who[spec.for_operators], spec.help))
    return tables.table(head, rows) if rows else ("没有口令。" if lang == "zh" else "No words of its own.")


def _words_of(kind: str) -> list[str]:
    return [spec.name for spec in _specs(kind) if not spec.for_operators]


def _specs(kind: str) -> tuple[CommandSpec, ...]:
    play = all_plays()[kind]
    return tuple(play.commands(_shipped(kind)))


def _shipped(kind: str) -> BaseModel:
    """The params of a play of this kind: of the flagship where it has one, else of an example."""
    loaded = PlaybookFolder(_EXAMPLES, lambda: NOW).load()
    books = sorted(loaded.playbooks, key=lambda each: each.id != "reading-camp")
    return next(active.params for each in books for active in each.variant().plays if active.play.kind == kind)


def _table(entries: Iterable[Entry], lang: Lang, drop: str = "") -> str:
    head = ("键", "类型", "默认", "说明") if lang == "zh" else ("Key", "Type", "Default", "Meaning")
    need = "必填" if lang == "zh" else "required"
    rows = (
        (
            tables.code(entry.key.removeprefix(drop)),
            entry.type.get(lang),
            need if entry.is_required else tables.code(entry.default),
            entry.about.get(lang),
        )
        for entry in entries
    )
    return tables.table(head, rows)
