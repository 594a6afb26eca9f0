"""`qunops new`: a play, a transport or a playbook to start from, with a failing test inside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import USAGE
from bot.cli.scaffold import PLAYBOOK, play_files, transport_files
from bot.playbook.starting import parameters, started

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def register(app: typer.Typer) -> None:
    new = typer.Typer(help="新建玩法、网络或剧本 · start a play, a transport or a playbook", no_args_is_help=True)
    new.command("play")(play_command)
    new.command("transport")(transport_command)
    new.command("playbook")(playbook_command)
    app.add_typer(new, name="new")


def play_command(
    kind: Annotated[str, typer.Argument(help="英文名，如 lottery · the kind's name")],
    root: Annotated[Path, typer.Option(help="项目根目录 · root of the project")] = Path(),
) -> None:
    """新玩法：一个文件、它的文案、会失败的测试 · one file, its texts and a failing test."""
    _write(root, play_files(_checked(kind)))


def transport_command(
    name: Annotated[str, typer.Argument(help="英文名，如 telegram · the network's name")],
    root: Annotated[Path, typer.Option(help="项目根目录 · root of the project")] = Path(),
) -> None:
    """新网络：一个文件，接上同一套契约测试 · one file, held to the same contract suite."""
    _write(root, transport_files(_checked(name)))


def playbook_command(
    name: Annotated[str, typer.Argument(help="英文名，如 my-camp · the playbook's id")],
    folder: Annotated[Path, typer.Option(help="放在哪里 · where")] = Path("playbooks"),
    like: Annotated[
        Path | None, typer.Option(help="照哪份剧本，如 playbooks/examples/checkin.yaml · which playbook to copy")
    ] = None,
    title: Annotated[str, typer.Option(help="标题 · its title")] = "",
    group: Annotated[
        list[str] | None, typer.Option(help="在哪些群运行，可以写几次 · groups or tags it runs in")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="改一个值：plays/每日打卡/points=7，可以写几次 · a value to begin with"),
    ] = None,
    ask: Annotated[bool, typer.Option(help="只列出能改的值，不写文件 · list what can be set")] = False,
) -> None:
    """新剧本：改中文和数字就能用；--like 从例子开始 · edit the Chinese and the numbers; --like begins with an example."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name):
        typer.echo("剧本名用小写字母、数字和短横线 · lower-case letters, digits and hyphens", err=True)
        raise typer.Exit(USAGE)
    source = PLAYBOOK.replace("NAME", name) if like is None else _read(like)
    known = {each.path: each for each in parameters(source)}
    if ask:
        for each in known.values():
            typer.echo(
                f"{each.path}={json.dumps(each.value, ensure_ascii=False)}" + (f"  # {each.hint}" if each.hint else "")
            )
        return
    values = dict(word.partition("=")[::2] for word in set_ or ())
    if unknown := [path for path in values if path not in known]:
        typer.echo(f"没有能改的值 {unknown[0]}，用 --ask 看有哪些 · no such value; see --ask", err=True)
        raise typer.Exit(USAGE)
    _write(folder, {f"{name}.yaml": started(source, name, title, group or (), values)})


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        typer.echo(f"读不了 {path} · cannot be read", err=True)
        raise typer.Exit(USAGE) from None


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        typer.echo("名字用小写字母、数字和下划线 · lower-case letters, digits and underscores", err=True)
        raise typer.Exit(USAGE)
    return name


def _write(root: Path, files: dict[str, str]) -> None:
    taken = [name for name in files if (root / name).exists()]
    if taken:
        typer.echo(f"已经有了，不覆盖 · exists already: {', '.join(taken)}", err=True)
        raise typer.Exit(USAGE)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        typer.echo(f"写好了 {path}")
