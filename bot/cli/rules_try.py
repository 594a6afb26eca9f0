"""`qunops rules try`: words, a lexicon or a playbook's rules on what the group has said, before they become active."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot.cli.database import Url, reading
from bot.core.text import clean
from bot.core.text.moderation import Lexicon, parse_lexicon, phrases
from bot.engine.clock import from_ms
from bot.plays.rules import try_rules
from storage.extracts import last_said

_SHOWN = 5
_LONGEST = 60


@dataclass(slots=True)
class _Tried:
    """`found`: word or rule → the messages that it would hit, newest first."""

    messages: int = 0
    hit: int = 0
    found: dict[str, list[Any]] = field(default_factory=dict)


def try_on_log(
    words: Annotated[str, typer.Option(help="要试的词,空格隔开 · words to try", metavar="词")] = "",
    lexicon: Annotated[Path | None, typer.Option(help="词库文件 · lexicon file", metavar="FILE")] = None,
    rules: Annotated[
        Path | None, typer.Option(help="剧本,试其中的群规 · playbook with rules", metavar="PLAYBOOK")
    ] = None,
    group: Annotated[str, typer.Option(help="只看这个群,如 qq:123456 · only this group")] = "",
    last: Annotated[int, typer.Option(min=1, help="每个群最近多少条 · newest messages of each group")] = 1000,
    db: Url = "",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """生效以前,先看看会误伤谁 · what words or rules would have hit in the group's own messages.

    只看说了什么,不看频率和身份;什么也不会做。退出码 exit code: 0 试过了,1 没有消息可试。
    """
    from bot.cli import NO, USAGE

    tries = list(_tries(words, lexicon, rules))
    if not tries:
        typer.echo("试什么?写 --words、--lexicon 或 --rules · give words, a lexicon or rules", err=True)
        raise typer.Exit(USAGE)
    with reading(db) as connection:
        tried = _try(tries, last_said(connection, group, last))
    if format == "json":
        typer.echo(json.dumps(_document(tried), ensure_ascii=False, indent=2))
    else:
        _print(tried)
    if not tried.messages:
        raise typer.Exit(NO)


def _tries(words: str, lexicon: Path | None, rules: Path | None) -> Iterable[Callable[[str], Sequence[str]]]:
    """Each takes a text and gives the words or rules that it breaks."""
    from bot.cli.rules import params_of, rules_of, text_of

    if written := tuple(words.split()):
        yield _by(phrases(written))
    if lexicon is not None:
        found, mistakes = parse_lexicon(text_of(lexicon))
        for mistake in mistakes:
            typer.echo(f"{lexicon}:{mistake.line}: {mistake.message}", err=True)
        yield _by(found)
    for play in rules_of(rules) if rules is not None else []:
        yield lambda text, play=play: try_rules(params_of(play), text, play.assets)  # type: ignore[misc]


def _by(lexicon: Lexicon) -> Callable[[str], Sequence[str]]:
    return lambda text: list(dict.fromkeys(hit.base for hit in lexicon.hits(text)))


def _try(tries: Sequence[Callable[[str], Sequence[str]]], said: Iterable[Any]) -> _Tried:
    tried = _Tried()
    for row in said:
        tried.messages += 1
        text = clean(row.text)
        broken = dict.fromkeys(name for one in tries for name in one(text))
        tried.hit += bool(broken)
        for name in broken:
            tried.found.setdefault(name, []).append(row)
    tried.found = dict(sorted(tried.found.items(), key=lambda pair: (-len(pair[1]), pair[0])))
    return tried


def _print(tried: _Tried) -> None:
    share = f"({tried.hit / tried.messages:.2%})" if tried.messages else ""
    typer.echo(f"试了 {tried.messages} 条消息,会命中 {tried.hit} 条{share} · messages tried, hit")
    for name, rows in tried.found.items():
        typer.echo(f"\n{name} · {len(rows)} 条")
        for row in rows[:_SHOWN]:
            line = " ".join(clean(row.text).split())
            typer.echo(f"  {from_ms(row.sent_at).astimezone():%m-%d %H:%M} {row.chat} {row.name}: {line[:_LONGEST]}")
        if len(rows) > _SHOWN:
            typer.echo(f"  … 另有 {len(rows) - _SHOWN} 条")


def _document(tried: _Tried) -> Mapping[str, Any]:
    hits = {
        name: [
            {"chat": row.chat, "at": from_ms(row.sent_at).isoformat(), "name": row.name, "text": row.text}
            for row in rows
        ]
        for name, rows in tried.found.items()
    }
    return {"messages": tried.messages, "hit": tried.hit, "hits": hits}
