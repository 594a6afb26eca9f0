"""The command line as the program itself describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from typer.main import get_command

from bot.cli import build
from bot.playbook.wording import Lang
from docs.generator import tables


def every() -> Iterator[tuple[str, Any]]:
    """(words to type, command) of every command that does something, in alphabetical order."""

    def walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words, command
            return
        for name in sorted(inner):
            yield from walk(f"{words} {name}".strip(), inner[name])

    return walk("", get_command(build()))


def overview(lang: Lang) -> str:
    """One line for each command."""
    head = ("命令", "作用") if lang == "zh" else ("Command", "What it does")
    return tables.table(
        head, ((tables.code(f"qunops {words}"), _first(command.help, lang)) for words, command in every())
    )


def reference(lang: Lang) -> str:
    """Every command with its arguments and options."""
    return "\n\n".join(_section(words, command, lang) for words, command in every())


def _section(words: str, command: Any, lang: Lang) -> str:
    lines = [f"### `qunops {words}`", "", _first(command.help, lang)]
    for further in _paragraphs(command.help)[1:]:
        # The head of the English page says what exit codes mean; commands say it in Chinese.
        if lang == "zh" or not further.startswith("退出码"):
            lines += ["", further]
    rows = [_row(each, lang) for each in command.params if each.name != "help"]
    if rows:
        head = ("参数", "默认", "说明") if lang == "zh" else ("Argument", "Default", "Meaning")
        lines += ["", tables.table(head, rows)]
    return "\n".join(lines)


def _row(param: Any, lang: Lang) -> tuple[str, str, str]:
    is_option = param.opts[0].startswith("-")
    name = " / ".join([*param.opts, *param.secondary_opts]) if is_option else param.name.upper()
    annotation = param.type_descriptor.annotation
    about = tables.spoken(param.help, lang)
    if get_origin(annotation) is Literal:
        about = " ".join(part for part in (about, "(" + " ".join(map(tables.code, get_args(annotation))) + ")") if part)
    if param.envvar:
        about += f" (`{param.envvar}`)"
    need = "必填" if lang == "zh" else "required"
    return tables.code(name), need if param.required else tables.code(_default(param.default)), about


def _default(value: Any) -> str:
    if value is None or value == "" or value == ():
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first(text: str | None, lang: Lang) -> str:
    return tables.spoken(_paragraphs(text)[0], lang).rstrip(".。")


def _paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a command's help; what it says about exit codes is one of its own."""
    parts = [" ".join(part.split()) for part in (text or "").split("\n\n")]
    head, mark, codes = parts[0].partition("退出码")
    return [head.strip(), *([mark + codes] if mark else []), *parts[1:]]
