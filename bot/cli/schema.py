"""`qunops schema`: the JSON schema that completes and explains playbooks in an editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import NO
from bot.playbook.schema import build
from bot.plays import all_plays


def register(app: typer.Typer) -> None:
    app.command("schema")(schema)


def schema(
    write: Annotated[bool, typer.Option("--write", help="写进文件夹里的 schema.json · write it to the folder")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="只看文件是不是最新的 · only say whether it is current")
    ] = False,
    folder: Annotated[Path, typer.Argument(help="剧本文件夹 · folder of playbooks")] = Path("playbooks"),
) -> None:
    """输出剧本的 JSON schema(编辑器补全用) · print the JSON schema for editors."""
    text, target = text_of(), folder / "schema.json"
    if check:
        is_current = target.exists() and target.read_text("utf-8") == text
        typer.echo("最新 · current" if is_current else f"{target} 过期了,运行 qunops schema --write · out of date")
        raise typer.Exit(0 if is_current else NO)
    if write:
        target.write_text(text, "utf-8")
        typer.echo(f"已写入 {target} · written")
    else:
        typer.echo(text)


def text_of() -> str:
    """The file's text, as it is committed."""
    return json.dumps(build(all_plays()), ensure_ascii=False, indent=1) + "\n"
