"""`qunops moderation`: cases with their evidence, what rules did, deciding, and the way from observing to acting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from bot.cli import NO, USAGE
from bot.cli.control import order, refused_as
from bot.cli.database import Url, opened, spoken
from bot.config import load_settings
from bot.console.ports.accounts import Refused
from bot.console.ports.moderation import Case, CaseRow, Mode, RuleRow
from bot.engine.clock import WallClock
from bot.engine.orders import Order
from bot.engine.playbooks import PlaybookFolder
from bot.usecases.moderation import ModerationDesk
from bot.usecases.playbooks import PlaybooksDesk
from bot.usecases.replacing import replace_text

R = TypeVar("R")
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
By = Annotated[str, typer.Option(help="记在谁名下，如 qq:10001 · who decides")]
Number = Annotated[int, typer.Argument(help="案件编号 · the number of the case", min=1)]
Group = Annotated[str, typer.Option(help="哪个群，如 qq:123456 · which group")]
Play = Annotated[str, typer.Option(help="哪个玩法，如 camp/群规；只有一个时可省 · which play, where there are several")]
_SAID = {"undo": "已撤销 · undone", "uphold": "已维持 · upheld", "allow": "已撤销并放行 · undone, and let pass"}


def register(app: typer.Typer) -> None:
    moderation = typer.Typer(help="风纪：案件、规则的误伤、决定 · cases, rules and decisions", no_args_is_help=True)
    for name, command in (
        ("cases", cases), ("show", show), ("undo", undo), ("uphold", uphold), ("allow", allow), ("rules", rules),
        ("resume", resume), ("enforce", enforce),
    ):  # fmt: skip
        moderation.command(name)(command)
    app.add_typer(moderation, name="moderation")


def cases(
    group: Annotated[str, typer.Option(help="只看这个群 · only this group")] = "",
    rule: Annotated[str, typer.Option(help="只看这条规则 · only this rule")] = "",
    state: Annotated[
        Literal["", "observed", "reminded", "acted", "paused", "appeal", "upheld", "undone", "deleted"],
        typer.Option(help="只看这种结果 · only this outcome"),
    ] = "",
    before: Annotated[str, typer.Option(help="接着上一页：那里给出的号 · go on before this id")] = "",
    db: Url = "",
    format: Format = "text",
) -> None:
    """列出案件，新的在前，先列申诉 · cases, newest first; appeals that wait come before. 退出码 exit code: 0."""
    found = _ask(db, lambda desk: desk.cases(_all, group=group, rule=rule, state=state, before=before))
    if format == "json":
        typer.echo(found.model_dump_json(indent=2))
        return
    for each in found.asked:
        late = " 已超时 overdue" if each.is_overdue else ""
        due = f" 最晚 {_time(each.due_at)}{late}" if each.due_at is not None else ""
        typer.echo(f"等决定 waits #{each.waiting.id} {_plain(each.waiting.group_name)} {each.waiting.about}{due}")
    for row in found.cases:
        typer.echo(_row(row))
    if not found.cases:
        typer.echo("没有案件 · no cases")
    if found.older:
        typer.echo(f"… --before {found.older}")


def show(number: Number, group: Group, play: Play = "", db: Url = "", format: Format = "text") -> None:
    """一个案件的证据、处理和申诉 · one case: evidence, measures, appeal. 退出码 exit code: 0，1 没有这个案件。"""
    playbook, name = _play(db, group, play)
    found = _ask(db, lambda desk: desk.case(group, playbook, name, number, with_context=True))
    if found is None:
        typer.echo(f"没有案件 {number} · no such case", err=True)
        raise typer.Exit(NO)
    typer.echo(found.model_dump_json(indent=2) if format == "json" else _told(found))


def undo(number: Number, group: Group, play: Play = "", by: By = "console:cli", db: Url = "") -> None:
    """撤销一次处理，记为误伤；机器人必须在运行 · take a verdict back; the bot must be running.

    退出码 exit code: 0 已撤销，1 撤销不了（说明原因），3 机器人没有运行。
    """
    _judge("undo", number, group, play, by, db)


def uphold(number: Number, group: Group, play: Play = "", by: By = "console:cli", db: Url = "") -> None:
    """维持一次处理，或判定观察到的没错 · a verdict stands. 退出码同 undo · exit codes as of undo."""
    _judge("uphold", number, group, play, by, db)


def allow(
    number: Number,
    group: Group,
    phrase: Annotated[str, typer.Option(help="以后放行的说法，默认命中处前后 · words to let pass")] = "",
    play: Play = "",
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """撤销，并且以后放行这个说法 · take it back and let the words pass. 退出码同 undo · exit codes as of undo."""
    _judge("allow", number, group, play, by, db, phrase=phrase)


def rules(db: Url = "", format: Format = "text") -> None:
    """每条规则最近 30 天记录、处理、误伤多少，附 95% 区间 · numbers of each rule. 退出码 exit code: 0."""
    found = _ask(db, lambda desk: desk.plays(_all))
    if format == "json":
        typer.echo(found.model_dump_json(indent=2))
        return
    for play in found.plays:
        typer.echo(f"{_plain(play.playbook)}/{_plain(play.play)}  {play.mode}  {len(play.groups)} 个群 groups")
        for row in play.rules:
            typer.echo(f"  {_plain(row.rule)}  {'/'.join(row.modes)}  {_numbers(row)}")
        if play.paused_in:
            typer.echo(f"  暂停中 paused: {', '.join(each.value for each in play.paused_in)}")
    if not found.plays:
        typer.echo("没有群规 · no rules")


def resume(
    group: Group,
    rule: Annotated[str, typer.Option(help="被观察的规则；不写是松开刹车 · a watched rule; else the brakes")] = "",
    play: Play = "",
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """让暂停的继续执行，或让被观察的规则执行 · go on after a pause. 退出码同 undo · exit codes as of undo."""
    playbook, name = _play(db, group, play)
    order(f"{playbook}/{name}", group, "resume", rule, "moderation.resume", by=by)
    typer.echo("继续执行 · it goes on")


def enforce(
    play: Annotated[str, typer.Argument(help="玩法，如 camp/群规 · the play, such as camp/rules")],
    rule: Annotated[str, typer.Option(help="只改这条规则；不写是整套 · only this rule; else the whole play")] = "",
    mode: Annotated[
        Literal["shadow", "remind", "enforce"], typer.Option(help="观察、提醒或执行 · how far it goes")
    ] = "enforce",
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 · do not ask")] = False,
    db: Url = "",
) -> None:
    """把规则从观察改为执行：先给出数字和剧本里要改的行，再写进文件；运行中的机器人随即生效 · from observing to acting.

    退出码 exit code: 0 已写入，1 改不了或有错误（说明原因）。
    """
    playbook, _, name = play.partition("/")
    try:
        found = _ask(db, lambda desk: desk.propose(playbook, name, rule, _mode(mode), _all, "zh"))
    except Refused as refused:
        raise refused_as(refused.code) from None
    if found is None:
        raise refused_as("not_running")
    if found.row is not None:
        typer.echo(f"{_plain(rule)}  {_numbers(found.row)}")
    typer.echo(found.path)
    for sign, line in found.changed:
        typer.echo(f"{sign if sign != '@' else ''}{line}")
    for problem in found.findings:
        typer.echo(problem, err=True)
    if not found.is_sound:
        raise typer.Exit(NO)
    if not yes:
        typer.confirm("写进剧本？· write it?", abort=True)
    replace_text(_folder() / found.path, found.source)
    typer.echo("已写入，运行中的机器人会自动采用 · written; a running bot takes it over by itself")


# -- inside ---------------------------------------------------------------------------------------------------------------


def _ask(db: str, question: Callable[[ModerationDesk], Awaitable[R]]) -> R:
    """Reads the database and the playbooks as they are; nothing can be changed this way."""
    with spoken():
        settings = load_settings()

    async def refuse(wanted: Order) -> str:
        return "not_running"

    with opened(db or settings.database) as database:

        async def work() -> R:
            folder = PlaybookFolder(settings.playbooks, WallClock().now)
            loaded = folder.load()

            async def nothing(*_: object) -> None:
                return None

            now = WallClock().now
            books = PlaybooksDesk(database, folder, lambda: loaded, nothing, nothing, settings.templates, now)
            try:
                return await question(ModerationDesk(database, refuse, lambda: loaded, books, now))
            finally:
                await database.aclose()

        return asyncio.run(work())


def _judge(judgement: str, number: int, group: str, play: str, by: str, db: str, phrase: str = "") -> None:
    playbook, name = _play(db, group, play)
    data = {"phrase": phrase} if phrase else {}
    order(f"{playbook}/{name}", group, judgement, str(number), f"moderation.{judgement}", data, by=by)
    typer.echo(f"案件 {number} {_SAID[judgement]}")


def _play(db: str, group: str, play: str) -> tuple[str, str]:
    """(playbook, play) that is meant. Exit code 2 when it is not clear."""
    if "/" in play:
        playbook, _, name = play.partition("/")
        return playbook, name
    found = _ask(db, lambda desk: desk.plays(lambda chat, playbook: chat == group))
    meant = [each for each in found.plays if play in ("", each.play)]
    if len(meant) != 1:
        listed = ", ".join(f"{each.playbook}/{each.play}" for each in found.plays)
        typer.echo(f"写明 --play，这个群有：{listed or '没有群规'} · which play?", err=True)
        raise typer.Exit(USAGE)
    return meant[0].playbook, meant[0].play


def _folder() -> Path:
    path = load_settings().playbooks
    return path if path.is_dir() else path.parent


def _mode(text: str) -> Mode:
    return "shadow" if text == "shadow" else "remind" if text == "remind" else "enforce"


def _all(group: str, playbook: str) -> bool:
    return True


def _numbers(row: RuleRow) -> str:
    rate = row.undone
    share = (
        f"误伤 wrong {rate.hits}/{rate.of} = {rate.share:.1%}（{rate.low:.0%}–{rate.high:.0%}）"
        if rate.share is not None and rate.low is not None and rate.high is not None
        else "还没有案件 no cases"
    )
    return f"只记录 observed {row.observed}  处理 acted {row.acted}  核对 checked {row.upheld + rate.hits}  {share}"


def _row(row: CaseRow) -> str:
    who = f"{_plain(row.name)}: {_plain(row.text)}" if row.text else "证据已清理 evidence deleted"
    return (
        f"#{row.number}  {_time(row.at)}  {_plain(row.group_name)}（{row.group} {row.playbook}/{row.play}）  "
        f"{_plain(row.rule)}  {row.state}\n    {who}"
    )


def _told(found: Case) -> str:
    lines = [_row(found.row)]
    if found.read_as and found.read_as != found.text:
        lines.append(f"    读成 read as: {_plain(found.read_as)}")
    for hit in found.hits:
        lines.append(
            f"    命中 hit: {_plain(hit.rule)} {_plain(hit.span)} {'→ ' + _plain(hit.base) if hit.base else ''}"
        )
    lines.append(f"    积分 points: {found.points_before} → {found.points_after}")
    for each in found.measures:
        lines.append(
            f"    {each.what}: {each.status} {_plain(each.error)}{' → ' + each.instead if each.instead else ''}"
        )
    for answer in found.answered:
        lines.append(f"    {answer.what}: {_plain(answer.choice)} {_plain(answer.by)}")
    if found.context:
        lines.append("    前后文 context:")
        lines += [
            f"      {_time(said.at)} {_plain(said.name)}: {_plain(said.text)}" for said in reversed(found.context)
        ]
    return "\n".join(lines)


def _time(at: datetime | None) -> str:
    return f"{(at or datetime.now(UTC)).astimezone():%m-%d %H:%M}"


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
