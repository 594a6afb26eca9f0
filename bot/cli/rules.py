"""`qunops rules`: `scan` says what a lexicon and a playbook's rules hit in a file; `try` is `rules_try`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import rules_try
from bot.core.text import clean
from bot.core.text.moderation import parse_lexicon
from bot.playbook.model import ActivePlay
from bot.plays.rules import RulesParams, try_rules

_readable = json.JSONEncoder(ensure_ascii=False).encode
_escaped = json.JSONEncoder().encode


def register(app: typer.Typer) -> None:
    rules = typer.Typer(
        help="群规: 先在旧消息上试词、试规则 · try words and rules on old messages", no_args_is_help=True
    )
    rules.command("scan")(scan)
    rules.command("try")(rules_try.try_on_log)
    app.add_typer(rules, name="rules")

    @rules.callback()
    def root() -> None:
        """群规 (rules)."""


def scan(
    file: Annotated[Path, typer.Argument(help='每行一个 {"text": …},- 是标准输入 · JSON lines', metavar="INPUT.jsonl")],
    lexicon: Annotated[Path, typer.Option(help="词库文件 · lexicon file", metavar="FILE")],
    rules: Annotated[
        Path | None, typer.Option(help="剧本,试其中的群规 · playbook with rules", metavar="PLAYBOOK")
    ] = None,
) -> None:
    """逐条列出会命中的词和规则 · print what every line would hit.

    每行输出: text, hits(词), rules(剧本里会命中的规则,只看内容,不看频率和身份)。写错的行逐个指出,其余照扫。
    退出码 exit code: 0 都扫了,1 剧本有错,2 有写错的行,3 打不开文件。
    """
    from bot.cli import USAGE

    words, source = text_of(lexicon), text_of(file)
    found, mistakes = parse_lexicon(words)
    for mistake in mistakes:
        typer.echo(f"{lexicon}:{mistake.line}: {mistake.message}", err=True)
    plays = rules_of(rules) if rules is not None else []
    lines = _Lines(source, file)
    for text in lines:
        judged = clean(text)
        broken = [rule for play in plays for rule in try_rules(params_of(play), judged, play.assets)]
        hits = [hit.base for hit in found.hits(judged)]
        document = {"text": text, "hits": hits, "rules": list(dict.fromkeys(broken))}
        # What no encoding can hold (half a surrogate pair) is printed escaped, as it came.
        sys.stdout.write((_readable if judged == text else _escaped)(document) + "\n")
    if lines.failed:
        raise typer.Exit(USAGE)


def text_of(file: Path) -> str:
    """What is in the file, `-` is the input. Exit code 3 when it can't be read, 2 when it is no UTF-8."""
    from bot.cli import UNUSABLE, USAGE

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        typer.echo(f"打不开 {file}: {error.strerror} · cannot read", err=True)
        raise typer.Exit(UNUSABLE) from error
    except UnicodeDecodeError as error:
        typer.echo(f"{file} 不是 UTF-8 编码,另存为 UTF-8 再试 · not UTF-8", err=True)
        raise typer.Exit(USAGE) from error


class _Lines:
    """The texts of a file; a line that holds none is named and passed over."""

    def __init__(self, source: str, file: Path) -> None:
        self._source, self._file = source, file
        self.failed = 0

    def __iter__(self) -> Iterator[str]:
        # Only "\n" ends a line: a text may hold U+2028 and the like unescaped.
        for number, line in enumerate(self._source.split("\n"), 1):
            if not line.strip():
                continue
            try:
                document: Any = json.loads(line)
            except (ValueError, RecursionError) as error:
                self._fail(number, f"不是 JSON: {error} · not JSON")
                continue
            if isinstance(document, dict) and isinstance(document.get("text"), str):
                yield document["text"]
            else:
                self._fail(number, '要写成 {"text": "…"} · expected an object with a text')

    def _fail(self, number: int, message: str) -> None:
        self.failed += 1
        typer.echo(f"{self._file}:{number}: {message}", err=True)


def rules_of(path: Path) -> list[ActivePlay]:
    """The rules plays of one playbook file, with their lexica."""
    from bot.cli import NO, USAGE
    from bot.cli.check import root_of
    from bot.engine.playbooks import PlaybookFolder
    from bot.playbook.report import render

    if not path.is_file():
        typer.echo(f"找不到剧本 {path} · no such playbook", err=True)
        raise typer.Exit(USAGE)
    folder = root_of(path)
    name = path.resolve().relative_to(folder.resolve()).as_posix()
    loaded = PlaybookFolder(folder, lambda: datetime.now(UTC)).load()
    playbook = next((each for each in loaded.playbooks if each.path == name), None)
    errors = [problem for problem in playbook.problems if problem.is_error] if playbook is not None else []
    if playbook is None or playbook.tree is None or errors:
        typer.echo(render(errors, root=f"{folder.as_posix()}/"), err=True)
        raise typer.Exit(NO)
    plays = [play for play in playbook.variant().plays if play.play.kind == "rules"]
    if not plays:
        typer.echo(f"{path} 里没有 kind: rules · no rules in this playbook", err=True)
        raise typer.Exit(USAGE)
    return plays


def params_of(play: ActivePlay) -> RulesParams:
    assert isinstance(play.params, RulesParams)
    return play.params
