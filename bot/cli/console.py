"""`qunops console`: who may use the console. Everything that its settings page does, while the bot runs or not."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from bot.cli import UNUSABLE, USAGE
from bot.cli.control import ask_running, refused_as
from bot.cli.database import Url, opened, spoken
from bot.config import load_settings
from bot.console.access import ROLES
from bot.console.ports.accounts import Refused
from bot.engine.clock import WallClock
from bot.usecases.accounts import Accounts
from bot.usecases.commands import act, listed
from storage.database import Database

R = TypeVar("R")
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
Name = Annotated[str, typer.Argument(help="账号 · user name")]
RoleName = Annotated[
    str,
    typer.Option(
        "--role",
        "-r",
        help="owner 管理员、operator 运营、coach 版主、viewer 只看 · what they may do: owner, operator, coach or viewer",
    ),
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", "-g", help="限于这些群，如 qq:10001、qq:*、tag:华东 · only these groups")
]
Playbooks = Annotated[list[str] | None, typer.Option("--playbook", "-p", help="限于这些剧本 · only these playbooks")]
Actions = Annotated[
    list[str] | None,
    typer.Option("--action", "-a", help="限于这些权限，如 members.*、tasks.decide · only these actions"),
]


def register(app: typer.Typer) -> None:
    console = typer.Typer(help="控制台的账号、令牌和操作记录 · users of the console", no_args_is_help=True)
    user = typer.Typer(help="谁能进控制台 · who may sign in", no_args_is_help=True)
    token = typer.Typer(help="给程序用的令牌 · keys for programs", no_args_is_help=True)
    user.command("add")(user_add)
    user.command("list")(user_list)
    user.command("role")(user_role)
    user.command("passwd")(user_passwd)
    user.command("disable")(user_disable)
    user.command("enable")(user_enable)
    token.command("add")(token_add)
    token.command("list")(token_list)
    token.command("revoke")(token_revoke)
    console.add_typer(user, name="user")
    console.add_typer(token, name="token")
    console.command("audit")(audit)
    app.add_typer(console, name="console")


def user_add(
    name: Name, role: RoleName = "viewer", groups: Groups = None, playbooks: Playbooks = None, actions: Actions = None,
    db: Url = "",
) -> None:  # fmt: skip
    """新建账号，密码从终端读 · add a user; the password is read from the terminal. 退出码: 0 已建，1 不能建，2 写法不对。"""
    _check_role(role)
    data = {"name": name, "password": _password(), "role": role}
    _do("user-add", data | _bounds(groups, playbooks, actions), db)
    typer.echo(f"账号 {name} 已建好 · added")


def user_role(
    name: Name, role: RoleName, groups: Groups = None, playbooks: Playbooks = None, actions: Actions = None,
    db: Url = "",
) -> None:  # fmt: skip
    """换角色和范围，原来的全部取代 · replace what a user may do. 退出码 exit code: 0，1 不能改。"""
    _check_role(role)
    _do("user-role", {"name": name, "role": role} | _bounds(groups, playbooks, actions), db)
    typer.echo(f"{name}: {role}")


def user_passwd(name: Name, db: Url = "") -> None:
    """换密码，该账号已登录的浏览器都会退出 · set a password; ends the user's sessions. 退出码 exit code: 0，1 没有这个账号。"""
    _do("user-password", {"name": name, "password": _password()}, db)
    typer.echo(f"{name} 的密码已更换 · changed")


def user_disable(name: Name, db: Url = "") -> None:
    """停用账号 · disable a user. 退出码 exit code: 0，1 不能停用。"""
    _do("user-disable", {"name": name}, db)
    typer.echo(f"{name} 已停用 · disabled")


def user_enable(name: Name, db: Url = "") -> None:
    """恢复停用的账号 · enable a user again. 退出码 exit code: 0，1 没有这个账号。"""
    _do("user-enable", {"name": name}, db)
    typer.echo(f"{name} 已恢复 · enabled")


def user_list(db: Url = "", format: Format = "text") -> None:
    """列出账号 · list the users. 退出码 exit code: 0."""
    rows = _read("users", db)
    if _as_json(rows, format):
        return
    table = Table("账号 name", "角色 role", "群 groups", "剧本 playbooks", "权限 actions", box=None, header_style="dim")
    for row in rows:
        for grant in row["grants"] or [{"role": "–", "bounds": {"groups": (), "playbooks": (), "actions": ()}}]:
            bounds = (", ".join(grant["bounds"][key]) for key in ("groups", "playbooks", "actions"))
            mark = "（停用 disabled）" if row["is_disabled"] else ""
            table.add_row(row["name"] + mark, grant["role"], *bounds)
    Console(soft_wrap=True).print(table)


def token_add(
    user: Annotated[str, typer.Argument(help="属于谁 · whose")],
    name: Annotated[str, typer.Argument(help="用途 · what for")],
    groups: Groups = None, playbooks: Playbooks = None, actions: Actions = None,
    days: Annotated[int | None, typer.Option(min=1, help="多少天后失效，不写则不失效 · days until it expires")] = None,
    db: Url = "",
) -> None:  # fmt: skip
    """新建令牌，只印这一次 · make a token; printed this once. 退出码 exit code: 0，1 没有这个账号。"""
    data = {"user": user, "name": name, "days": days}
    answer = _do("token-add", data | _bounds(groups, playbooks, actions), db)
    typer.echo(answer["secret"])


def token_list(db: Url = "", format: Format = "text") -> None:
    """列出令牌 · list the tokens. 退出码 exit code: 0."""
    rows = _read("tokens", db)
    if _as_json(rows, format):
        return
    table = Table(
        "编号 id", "账号 user", "用途 name", "权限 actions", "群 groups", "到期 expires", box=None, header_style="dim"
    )
    for row in rows:
        bounds = (", ".join(row["bounds"][key]) for key in ("actions", "groups"))
        table.add_row(str(row["id"]), row["user"], row["name"], *bounds, _day(row["expires_at"]))
    Console(soft_wrap=True).print(table)


def token_revoke(
    token_id: Annotated[int, typer.Argument(help="token list 里的编号 · the id of the list")], db: Url = ""
) -> None:
    """吊销令牌 · revoke a token. 退出码 exit code: 0，1 没有这个令牌。"""
    _do("token-revoke", {"id": token_id}, db)
    typer.echo(f"{token_id} 已吊销 · revoked")


def audit(db: Url = "", format: Format = "text") -> None:
    """谁做了什么，新的在前 · what was done, newest first. 退出码 exit code: 0."""
    rows = _read("audit", db)
    if _as_json(rows, format):
        return
    for row in rows:
        typer.echo(
            f"{row['at'].astimezone():%m-%d %H:%M}  {row['actor']}  {row['action']}  {row['target']}  {row['detail']}"
        )


# -- inside -------------------------------------------------------------------------------------------------------------


def _do(what: str, data: dict[str, Any], db: str) -> dict[str, Any]:
    """By the running bot, else on its database. A refusal is spoken and ends the command."""
    with spoken():
        settings = load_settings()
    answer = None if db else ask_running(settings, f"/control/console/{what}", data)
    if answer is not None:
        status, body = answer
        if status == 403:
            typer.echo("机器人正在运行，但不认这个用户的口令 · the running bot refused the token", err=True)
            raise typer.Exit(UNUSABLE)
        if status != 200:
            raise refused_as(str(body.get("refused", status)))
        return dict(body)

    with opened(db or settings.database, "write") as database:
        try:
            return asyncio.run(_offline(database, what, data))
        except Refused as refused:
            raise refused_as(refused.code) from None
    raise AssertionError


async def _offline(database: Database, what: str, data: dict[str, Any]) -> dict[str, Any]:
    async def write(work: Callable[[Connection], R], /) -> R:
        with database.begin() as connection:
            return work(connection)

    try:
        return await act(Accounts(database, write, WallClock().now), what, data)
    finally:
        await database.aclose()


def _read(what: str, db: str) -> list[dict[str, Any]]:
    async def read(database: Database) -> list[dict[str, Any]]:
        async def write(work: Callable[[Connection], R], /) -> R:
            raise AssertionError("reading only")

        try:
            return await listed(Accounts(database, write, WallClock().now), what)
        finally:
            await database.aclose()

    with opened(db) as database:
        return asyncio.run(read(database))


def _check_role(role: str) -> None:
    if role not in ROLES:
        typer.echo(f"没有角色「{role}」，可以是 {', '.join(ROLES)} · no such role", err=True)
        raise typer.Exit(USAGE)


def _bounds(
    groups: Sequence[str] | None, playbooks: Sequence[str] | None, actions: Sequence[str] | None
) -> dict[str, Any]:
    return {"groups": list(groups or ()), "playbooks": list(playbooks or ()), "actions": list(actions or ())}


def _password() -> str:
    """From a pipe, or asked for twice."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("密码 password: ")
    if getpass.getpass("再输一次 again: ") != first:
        typer.echo("两次输入不一样 · they differ", err=True)
        raise typer.Exit(USAGE)
    return first


def _as_json(rows: list[dict[str, Any]], format: str) -> bool:
    if format == "json":
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    return format == "json"


def _day(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d}" if at is not None else "–"
