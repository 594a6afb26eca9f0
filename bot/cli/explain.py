"""`qunops explain KEY`: what a key means, what it is in a group, and which file says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli import NO
from bot.cli.database import Url
from bot.cli.explain_score import explain_score
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.codes import CODES
from bot.playbook.header import Head
from bot.playbook.load import Loaded
from bot.playbook.origin import Origin, origin
from bot.playbook.playbook import Playbook
from bot.playbook.reference import Entry, entries_of, find
from bot.playbook.spelling import nearest
from bot.plays import all_plays

Lang = Literal["zh", "en"]


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    key: Annotated[
        str,
        typer.Argument(
            help="键、玩法或诊断码:quiet_hours、checkin.window、PB206;score:一位成员的活跃分 · a key, a play or a code; score: a member's activity"
        ),
    ] = "",
    member: Annotated[str, typer.Argument(help="explain score 后面的成员,如 qq:10001 · whose score")] = "",
    playbook: Annotated[str, typer.Option("--playbook", "-p", help="哪份剧本 · which playbook")] = "",
    group: Annotated[str, typer.Option("--group", "-g", help="哪个群,例如 qq:123456 · which group")] = "",
    folder: Annotated[Path, typer.Option(help="剧本文件夹 · folder of playbooks")] = Path("playbooks"),
    lang: Annotated[Lang, typer.Option(help="zh 或 en · language")] = "zh",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
    window: Annotated[
        Literal["day", "week", "month", "all"], typer.Option(help="explain score 看多久 · window of the score")
    ] = "week",
    db: Url = "",
) -> None:
    """解释一个键:含义、默认值,在某个群里是多少、写在哪个文件 · explain a key, its value and its origin."""
    if key == "score" and member:
        explain_score(member, group, window, db, format)
        return
    path = [part for part in key.replace("/", ".").split(".") if part]
    if key.upper() in CODES:
        code = CODES[key.upper()]
        typer.echo(f"{code.code} {code.title.get(lang)}\n{code.about.get(lang)}")
        return
    if not path:
        typer.echo(_overview(lang))
        return
    if playbook or group:
        raise typer.Exit(_values(path, playbook, group, folder, lang, format))
    entries = find(path, all_plays())
    if not entries:
        words = [*all_plays(), *(entry.key for entry in entries_of(Head))]
        guess = nearest(path[0], words)
        typer.echo(f"没有「{key}」" if lang == "zh" else f"there is no `{key}`", err=True)
        if guess:
            typer.echo(f"是不是想写「{guess}」?" if lang == "zh" else f"did you mean `{guess}`?", err=True)
        raise typer.Exit(NO)
    if format == "json":
        typer.echo(json.dumps([_as_json(entry) for entry in entries], ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_entry(entry, lang) for entry in entries))


def _overview(lang: Lang) -> str:
    kinds = "\n".join(f"  {kind:<10} {play.title}" for kind, play in all_plays().items())
    heads = "\n".join(_entry(entry, lang) for entry in entries_of(Head))
    return (
        f"{'玩法' if lang == 'zh' else 'kinds of play'}\n{kinds}\n\n{'剧本' if lang == 'zh' else 'playbook'}\n{heads}"
    )


def _entry(entry: Entry, lang: Lang) -> str:
    need = ("必填" if lang == "zh" else "required") if entry.is_required else entry.default
    shown = f" = {need}" if need and not entry.is_required else f" ({need})" if entry.is_required else ""
    kind = entry.type.get(lang)
    return (
        f"{entry.key}{shown}"
        + (f"  [{kind}]" if kind else "")
        + (f"\n    {entry.about.get(lang)}" if entry.about else "")
    )


def _as_json(entry: Entry) -> dict[str, object]:
    return {
        "key": entry.key,
        "type": entry.type._asdict(),
        "default": entry.default,
        "required": entry.is_required,
        "description": entry.about._asdict(),
    }


def _values(path: list[str], name: str, group: str, folder: Path, lang: Lang, format: str) -> int:
    """Prints the effective value and its layers for every playbook that is meant; the exit code."""
    loaded = PlaybookFolder(folder, lambda: datetime.now(UTC)).load()
    chosen = [each for each in loaded.playbooks if _is_meant(each, name, group, loaded)]
    if not chosen:
        typer.echo("没有这样的剧本 · no such playbook", err=True)
        return NO
    found = [(each, key, origin(loaded, each, key, group)) for each in chosen for key in _full_keys(each, path)]
    if format == "json":
        rows = [
            {
                "playbook": each.id,
                "key": result.key,
                "value": result.value,
                "layers": [
                    {"layer": layer.layer, "place": str(layer.place), "value": layer.value} for layer in result.layers
                ],
            }
            for each, _, result in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    else:
        typer.echo("\n\n".join(_origin(each, key, result, lang) for each, key, result in found))
    return 0


def _is_meant(playbook: Playbook, name: str, group: str, loaded: Loaded) -> bool:
    if playbook.tree is None or (name and name not in (playbook.id, playbook.path, playbook.title)):
        return False
    return not group or bool(name) or playbook.applies_to(group, loaded.house.tags_of(group))


def _full_keys(playbook: Playbook, path: list[str]) -> list[list[str]]:
    """`每日打卡.points` and `checkin.points` both mean plays; anything else is a key of the head."""
    plays = playbook.tree.children.get("plays") if playbook.tree else None
    names = list(plays.children) if plays is not None else []
    if path[0] in names:
        return [["plays", *path]]
    by_kind = [
        name
        for name, node in (plays.children.items() if plays is not None else ())
        if (kind := node.children.get("kind")) is not None and kind.value == path[0]
    ]
    return [["plays", name, *path[1:]] for name in by_kind] or [path]


def _origin(playbook: Playbook, key: list[str], found: Origin, lang: Lang) -> str:
    is_zh = lang == "zh"
    value = json.dumps(found.value, ensure_ascii=False, default=str) if found.is_written else ""
    lines = [f"{playbook.id} · {found.key}" + (f" = {value}" if found.is_written else "")]
    if not found.is_written:
        lines.append("  没有写,用默认值" if is_zh else "  not written: the default applies")
    for index, layer in enumerate(found.layers):
        mark = "→" if index == len(found.layers) - 1 else " "
        shown = json.dumps(layer.value, ensure_ascii=False, default=str)
        lines.append(f"  {mark} {layer.layer}  {layer.place}  {shown}")
    kind = playbook.tree.get("plays", key[1], "kind") if playbook.tree and key[0] == "plays" and len(key) > 2 else None
    entries = (
        find([str(kind.value), *key[2:]] if kind is not None else key, all_plays()) if key[0] != "plays" or kind else []
    )
    return "\n".join([*lines, *(_entry(entry, lang) for entry in entries[:1])])
