"""How commands that change something reach the bot: its local control port while it runs, the database when it doesn't."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import typer

from bot.app import control_token
from bot.cli import NO, UNUSABLE
from bot.cli.database import spoken
from bot.config import Settings, load_settings
from bot.console.words import Words
from bot.engine import templates


def ask_running(
    settings: Settings, path: str, data: dict[str, Any] | None = None, *, timeout_s: float = 10
) -> tuple[int, Any] | None:
    """(HTTP status, answer) of the running bot; None when none answers. A wrong token is said, with exit code 3."""
    token = control_token(settings.data_folder)
    if not settings.http.enabled or not token:
        return None
    request = urllib.request.Request(  # the host is the operator's own setting
        f"http://{settings.http.host}:{settings.http.port}{path}",
        data=json.dumps(data or {}).encode(),
        headers={"x-qunops-token": token, "content-type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 403:
            typer.echo("机器人正在运行，但不认这个用户的口令 · the running bot refused the token", err=True)
            raise typer.Exit(UNUSABLE) from None
        return error.code, json.loads(error.read() or b"{}")
    except (urllib.error.URLError, OSError):
        return None


def order(
    play: str, group: str, order: str, about: str, action: str, data: Mapping[str, str] | None = None, *,
    by: str = "console:cli",
) -> None:  # fmt: skip
    """What an operator wants of one play, by way of the running bot. Ends the command with 1 when the play refuses, with
    3 when no bot runs."""
    with spoken():
        settings = load_settings()
    body = {
        "play": play,
        "group": group,
        "order": order,
        "about": about,
        "action": action,
        "data": data or {},
        "by": by,
    }
    answer = ask_running(settings, "/control/orders", body)
    if answer is None:
        typer.echo("机器人没有运行：先 qunops run · the bot is not running: start it first", err=True)
        raise typer.Exit(UNUSABLE)
    if code := answer[1].get("refused", ""):
        raise refused_as(str(code))


def refused_as(code: str) -> typer.Exit:
    """Says in both languages why it is not done, as the console would."""
    words = Words(templates.OWN / "console" / "words")
    key = f"refused.{code}"
    typer.echo(f"{words.get('zh', key)} · {words.get('en', key)}", err=True)
    return typer.Exit(NO)
