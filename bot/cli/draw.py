"""`qunops draw`: a card as operators' templates make it, from a file of data or from its sample."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import NO, USAGE
from bot.config import load_settings
from bot.core.errors import TemplateMistake
from bot.insight.pictures.studio import CardRefused, Studio, kinds
from bot.insight.pictures.words import count_words
from bot.playbook.nodes import plain
from bot.playbook.reading import read
from bot.playbook.report import render


def register(app: typer.Typer) -> None:
    app.command("draw")(draw)


def draw(
    card: Annotated[str, typer.Argument(help="图片的名字，不写就列出并检查全部 · none: list and check all")] = "",
    data: Annotated[
        Path | None, typer.Option(help="数据（YAML 或 JSON，- 是标准输入），不写就用样例 · none: a sample")
    ] = None,
    text: Annotated[
        Path | None, typer.Option(help="词云：从文本文件数词，一行一条消息 · word cloud: count the words of a file")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="写到哪里，默认 图片名.png · the file")] = None,
    templates: Annotated[Path | None, typer.Option(help="模板文件夹 · folder of templates")] = None,
) -> None:
    """画一张图片，看看模板改得怎么样 · draw a card to preview its template.

    退出码 · exit code: 0 画好了,1 数据或模板有错误,2 用法不对。
    """
    studio = Studio(templates or load_settings().templates)
    if not card:
        _list(studio)
        return
    if card not in kinds():
        typer.echo(f"没有「{card}」，有这些: {'、'.join(kinds())} · no such card", err=True)
        raise typer.Exit(USAGE)
    target = out or Path(f"{card}.png")
    try:
        drawn = studio.draw(card, _data(studio, card, data, text))
    except (CardRefused, TemplateMistake) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NO) from None
    target.write_bytes(drawn.png)
    typer.echo(f"画好了 {target}：{drawn.width}×{drawn.height}，{len(drawn.png) / 1024:.0f} KB")
    if drawn.missing:
        typer.echo(f"有 {drawn.missing} 个字没有字体，画成了 〓 · no font has them", err=True)


def _data(studio: Studio, card: str, data: Path | None, text: Path | None) -> Mapping[str, Any]:
    found: Any = kinds()[card].sample if data is None and text is None else {}
    if data is not None:
        found = _read(data)
    if text is not None:
        lines = text.read_text("utf-8").splitlines()
        hidden = getattr(studio.template(card), "hidden", ())
        words = [{"text": word, "count": count} for word, count in count_words(lines, hidden)]
        found = {**found, "words": words, "messages": sum(bool(line.strip()) for line in lines)}
    if not isinstance(found, Mapping):
        raise CardRefused("数据应该是「键: 值」的形式 · expected a mapping")
    return found


def _read(path: Path) -> Any:
    content = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
    if str(path) == "-" or path.suffix == ".json":
        try:
            return json.loads(content)
        except json.JSONDecodeError as error:
            raise CardRefused(f"{path}:{error.lineno}:{error.colno} 不是 JSON · {error.msg}") from None
    root, problems = read(str(path), content)
    if root is None or problems:
        raise CardRefused(render(problems))
    return plain(root)


def _list(studio: Studio) -> None:
    wrong = {mistake.place: mistake for mistake in studio.check()}
    for name in kinds():
        mistake = next((each for place, each in wrong.items() if Path(place).stem == name), None)
        typer.echo(f"{name:<12} {'有错误 · mistakes' if mistake else '可用 · fine'}")
        if mistake:
            typer.echo(mistake.message, err=True)
    if wrong:
        raise typer.Exit(NO)
