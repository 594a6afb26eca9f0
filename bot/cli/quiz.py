"""`qunops quiz`: check a question bank, and judge answers and sessions from a file; the rest is `quiz_boards`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import NO, USAGE, quiz_boards
from bot.cli.cases import Cases, read_json
from bot.plays.quiz.bank import Problem
from bot.plays.quiz.reading import parse_bank
from bot.plays.quiz.replay import judged, replay

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="文件 · the file")]


_NO_LICENSE = Problem(
    1,
    "bank-no-license",
    "没有写 license;题目若是从别处来的,先弄清能不能用,再写上(CSV 写不了,换成 YAML)",
    "no license: if the questions are from elsewhere, find out whether they may be used (CSV has no place for it)",
    is_error=False,
)
"""Said at import only: questions that a group wrote itself need none."""


def register(app: typer.Typer) -> None:
    quiz = typer.Typer(
        name="quiz",
        help="题库检查、判题、场次、题目统计、投稿 · banks, judging, sessions, statistics, members' questions",
        no_args_is_help=True,
    )
    quiz.command("import")(import_)
    quiz.command("judge")(judge)
    quiz.command("results")(quiz_boards.results)
    quiz.command("items")(quiz_boards.items)
    quiz.command("review")(quiz_boards.review)
    app.add_typer(quiz)


def import_(
    file: File,
    lang: Annotated[str, typer.Option(help="zh 或 en · language")] = "zh",
    format: Annotated[str, typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """检查题库(YAML 或 CSV)并列出问题 · check a bank and print its problems."""
    bank, problems = parse_bank(str(file), _text(file))
    if bank.questions and not bank.license:
        problems = [_NO_LICENSE, *problems]
    errors = sum(problem.is_error for problem in problems)
    if format == "json":
        rows = [
            {"line": p.line, "code": p.code, "message": p.zh if lang == "zh" else p.en, "is_error": p.is_error}
            for p in problems
        ]
        report = {"bank": bank.name, "questions": len(bank.questions), "problems": rows}
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        for problem in problems:
            kind = ("错误", "error") if problem.is_error else ("提醒", "warning")
            says = problem.zh if lang == "zh" else problem.en
            typer.echo(f"{file}:{problem.line}: {kind[lang != 'zh']} {problem.code}: {says}")
        if lang == "zh":
            verdict = "不能用,请先改好错误" if errors else "可以用"
            typer.echo(f"{bank.name or file.name}: {len(bank.questions)} 题,{errors} 个错误,{verdict}")
        else:
            verdict = "not usable, mend the errors first" if errors else "ready"
            typer.echo(f"{bank.name or file.name}: {len(bank.questions)} questions, {errors} errors, {verdict}")
    raise typer.Exit(NO if errors else 0)


def judge(
    file: Annotated[
        Path,
        typer.Argument(
            help="案例文件 · JSON: {answers: [{id, type, options, typed}], scoring: [{id, config, questions}]}"
        ),
    ],
) -> None:
    """按规则判答案与计分,输出 JSON · judge answers and score sessions from a JSON file.

    写错的案例逐个指出,其余照算。退出码 exit code: 0 都算了,2 有案例写得不对,3 打不开文件。
    """
    data = read_json(file)
    if not isinstance(data, dict) or not ("answers" in data or "scoring" in data):
        typer.echo(f'{file} 里没有 "answers" 也没有 "scoring" · neither "answers" nor "scoring"', err=True)
        raise typer.Exit(USAGE)
    cases = Cases(file)
    cases.end(
        {
            "answers": cases.work("answers", data.get("answers", []), judged),
            "scoring": cases.work(
                "scoring", data.get("scoring", []), lambda case: replay(case.get("config") or {}, case["questions"])
            ),
        }
    )


def _text(file: Path) -> str:
    """UTF-8 with or without BOM, else GB18030: what spreadsheets on Chinese Windows write."""
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")
