"""`qunops chat`: a simulated group in the terminal. Be any member, see the bot answer, let time pass.

On a terminal the clock runs at its real pace and Tab completes; when the input is not a terminal it is read line by line
and only `/pass` and `/until` move the time, so that a chat can be scripted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout

from bot.cli import OK, USAGE
from bot.cli.simulate import complain, scene_of
from bot.core.errors import OperatorMistake
from bot.engine.clock import monotonic_s
from bot.sim.chatroom import ChatRoom, Goodbye, live
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Scenario, load
from bot.sim.tryout import opened

_EXAMPLE = Path(__file__).resolve().parents[2] / "playbooks" / "examples" / "reading-camp.yaml"
_TICK_S = 0.5


def register(app: typer.Typer) -> None:
    app.command("chat", help="在终端里和机器人聊天 · chat with the bot in the terminal")(chat)


def chat(
    playbooks: Annotated[
        list[Path] | None, typer.Argument(help="剧本文件或文件夹,默认共读营的例子 · playbook files or folders")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option(help="剧情文件:用它的成员和时间 · cast and time of a scenario")
    ] = None,
    group: Annotated[str, typer.Option(help="群名、qq:… 或 tag:标签 · which group")] = "",
    me: Annotated[str, typer.Option("--as", help="一开始是谁 · whom to be")] = "",
    start: Annotated[str, typer.Option(help="几时开始,例如 2026-03-02 07:30 · when it begins")] = "",
) -> None:
    """Exit 0 when the chat is over, 2 when the playbooks can't be used."""
    try:
        setting, lines = load(scenario) if scenario is not None else (Scenario(), [])
        if start:
            setting = setting.model_copy(update={"start": start})
        paths = playbooks or ([(scenario.parent / setting.playbook).resolve()] if scenario and setting.playbook else [])
        staged = stage(paths or [_EXAMPLE], scene_of(group, setting.group), setting.begins(ZONE), setting.plays)
        with opened(staged, setting) as simulation:
            is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
            room = ChatRoom(simulation, echoes=not is_terminal)
            simulation.play(lines)
            _show(_welcome(room, staged.title))
            if me:
                _show(room.enter(f"/as {me}"))
            if is_terminal:
                asyncio.run(_on_terminal(room))
            else:
                _line_by_line(room, sys.stdin)
    except OperatorMistake as mistake:
        complain(mistake)
        raise typer.Exit(USAGE) from None
    raise typer.Exit(OK)


def _welcome(room: ChatRoom, title: str) -> Iterator[str]:
    group = room.simulation.people.room
    yield f"「{group.name}」 {title} · {len(group.people)} 人 · {room.clock}"
    yield f"你是 {room.me}。直接打字说话;/help 看命令,/as 换人,/pass 2h 让时间过去,/quit 结束。"
    yield from room.news()


def _show(lines: Iterable[str]) -> None:
    # `print`, not `typer.echo`: on a terminal sys.stdout is the prompt's own, which writes above it.
    for line in lines:
        print(line, flush=True)


def _line_by_line(room: ChatRoom, source: Iterable[str]) -> None:
    for line in source:
        try:
            _show(room.enter(line))
        except Goodbye:
            return


async def _on_terminal(room: ChatRoom) -> None:
    """Reads with completion while the clock goes on; what the bot says of itself appears above the prompt."""
    began_s, start = monotonic_s(), room.simulation.now
    skipped = room.simulation.now - start

    async def tick() -> None:
        nonlocal skipped
        while True:
            await asyncio.sleep(_TICK_S)
            now = live(start, began_s, monotonic_s()) + skipped
            _show(room.tick(now))

    session: PromptSession[str] = PromptSession(completer=_Words(room), complete_while_typing=True)
    with patch_stdout(raw=True):
        ticking = asyncio.create_task(tick())
        try:
            while True:
                line = await session.prompt_async(lambda: _prompt(room), bottom_toolbar=lambda: _toolbar(room))
                before = room.simulation.now
                _show(room.enter(line))
                skipped += room.simulation.now - before
        except (EOFError, KeyboardInterrupt, Goodbye):
            print("再见")
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking


def _prompt(room: ChatRoom) -> FormattedText:
    return FormattedText([("fg:ansigray", f"{room.simulation.now:%H:%M} "), ("bold", f"{room.me}: ")])


def _toolbar(room: ChatRoom) -> str:
    group = room.simulation.people.room
    return f" {group.name} {len(group.people)} 人 · {room.clock} · Tab 补全 · /help"


class _Words(Completer):
    """Slash commands, members' names after @ or a command that takes one, and the group's own words."""

    def __init__(self, room: ChatRoom) -> None:
        self._room = room

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        for word, meaning, typed in self._room.completions(document.text_before_cursor):
            yield Completion(word, start_position=-typed, display_meta=meaning)
