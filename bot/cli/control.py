"""How commands that change something reach the bot: its local control port while it runs, the database when it doesn't."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import typer

from bot.app import control_token
from bot.cli import UNUSABLE
from bot.config import Settings


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
