"""`qunops run`: the bot itself."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.app import App, transports_of
from bot.cli import UNUSABLE
from bot.config import load_settings
from bot.core.errors import OperatorMistake, StorageError
from bot.engine import cores, heap, logs
from bot.transports.simulator import BOT, Impossible, World

_HELP = (
    "在模拟群里说话：直接打字是小明，「小红: 打卡」换人，「+ 小刚」进群，「- 小刚」退群，Ctrl-C 停止。\n"
    "Talk in the simulated group: plain text is 小明, `小红: 打卡` is somebody else, `+ 小刚` joins, `- 小刚` leaves."
)


_LAST_ANSWERS_S, _MOST_LAST_ANSWERS_S = 2.0, 60.0
"""How long a piped script's last answers are waited for: at least, and at most while some wait for their turn."""


def register(app: typer.Typer) -> None:
    app.command("run", help="启动机器人 · start the bot")(run)


def run(
    config: Annotated[Path | None, typer.Option(help="配置文件，默认 config.yaml · settings file")] = None,
    talk: Annotated[bool, typer.Option(help="在这个终端里和模拟群说话 · talk to the simulated group here")] = True,
) -> None:
    """Exit 0 after a clean stop, 2 for settings that can't be used, 3 for a database that can't."""
    console = Console(stderr=False, highlight=False, soft_wrap=True)
    try:
        settings = load_settings(config)
        logs.configure(settings.log.level, settings.log.format)
        app = App(settings)
    except OperatorMistake as mistake:
        console.print(f"[red]{mistake.message}[/red]\n{mistake.hint}".rstrip())
        raise typer.Exit(2) from None
    except StorageError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(UNUSABLE) from None
    try:
        asyncio.run(_serve(app, console, talk=talk))
    except OSError as error:
        console.print(f"[red]启动不了，端口可能被占用 · cannot start, is the port taken? {error}[/red]")
        raise typer.Exit(UNUSABLE) from None


async def _serve(app: App, console: Console, *, talk: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(cores.executor())
    for name in ("SIGINT", "SIGTERM"):
        with contextlib.suppress(NotImplementedError, AttributeError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(getattr(signal, name), stop.set)
    running = asyncio.create_task(app.run(stop))
    ready = asyncio.create_task(app.is_ready.wait())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        await running
        return
    heap.settle()
    keeping = [
        asyncio.create_task(heap.keep(lambda: not len(app.engine.writing)), name="heap"),
        asyncio.create_task(cores.keep_together(app.engine.writing.native_id), name="cores"),
    ]
    # The loop and the writing thread take turns often enough by themselves, at every statement and every read of a socket:
    # taking the interpreter away from each other 200 times a second as well costs a tenth of the throughput.
    sys.setswitchinterval(0.02)
    _banner(app, console)
    talking = asyncio.create_task(_talk(app, console, stop)) if talk and app.simulator else None
    await running
    for task in keeping:
        task.cancel()
    if talking is not None:
        talking.cancel()


def _banner(app: App, console: Console) -> None:
    loaded = app.loaded
    available = [each for each in loaded.playbooks if each.is_available]
    console.print("[bold]群运 QunOps 已启动 · running[/bold]")
    console.print(f"  数据库 database   {app.database}")
    console.print(
        f"  剧本 playbooks    {len(available)} 个可用，共 {len(loaded.playbooks)} 个（{app.settings.playbooks}）"
    )
    where = transports_of(app)
    if "qq" in where:
        console.print(f"  QQ OneBot v11     {where['qq']}  ← 在 NapCat 等实现里填这个反向 WebSocket 地址")
    if "wechat" in where:
        console.print(f"  微信 WeChat       {where['wechat']}")
    if app.settings.http.enabled:
        http = app.settings.http
        address = http.url or f"http://{http.host}:{http.port}/"
        console.print(f"  控制台 console    {address}")
        if app.set_up_code:
            console.print(
                f"  首次设置码 code   {app.set_up_code}（打开控制台，用它建第一个账号 · makes the first account）"
            )
        console.print(f"  健康 health       http://{http.host}:{http.port}/readyz  /metrics")
    errors = [problem for problem in loaded.problems if problem.is_error]
    if errors:
        console.print(f"  [red]剧本里有 {len(errors)} 处错误，运行 `qunops check` 查看 · run `qunops check`[/red]")
    if app.upgraded.backup is not None:
        console.print(f"  升级前的备份 backup before the upgrade: {app.upgraded.backup}")
    if "sim" in where:
        console.print(f"  模拟群 simulator  {where['sim']}")
        console.print(f"\n{_HELP}\n试试 try: 打卡 · 帮助 · 排行 · 接龙", style="dim")


async def _talk(app: App, console: Console, stop: asyncio.Event) -> None:
    """Lines from the terminal become what members do; what the bot says in the simulated group is printed."""
    assert app.world is not None
    assert app.simulator is not None
    seen: set[str] = set()
    lines = asyncio.create_task(_lines(app, console, stop))
    try:
        while True:
            _print_said(app.world, console, seen)
            await asyncio.sleep(0.1)
    finally:
        _print_said(app.world, console, seen)
        lines.cancel()


def _print_said(world: World, console: Console, seen: set[str]) -> None:
    """What the bot has said since the last look."""
    for room in list(world.rooms.values()):
        for said in list(room.messages.values()):
            if said.message_id not in seen and said.member == BOT:
                where = f"（私聊 {room.uid.partition('@')[2]}）" if ":@" in room.uid else ""
                console.print(f"群小助{where}: {said.text}", markup=False, style="green")
            seen.add(said.message_id)


async def _lines(app: App, console: Console, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    is_terminal, has_spoken = sys.stdin.isatty(), False
    with contextlib.suppress(OSError, ValueError, NotImplementedError):
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode("utf-8", "replace"):
            if line.strip():
                has_spoken = True
                _act(app, console, line.strip())
        # The end of a piped script: leave the bot time for its last answers, then stop as Ctrl-C would.
        if not is_terminal and has_spoken:
            end = loop.time() + _MOST_LAST_ANSWERS_S
            await asyncio.sleep(_LAST_ANSWERS_S)
            while app.has_sends_due() and loop.time() < end:  # noqa: ASYNC110 - the outbox tells nobody
                await asyncio.sleep(0.2)
            stop.set()


def _act(app: App, console: Console, line: str) -> None:
    """One line: `+ 名字`, `- 名字`, `名字: 话`, or words of the first member."""
    assert app.world is not None
    assert app.simulator is not None
    scene, world = app.settings.simulator, app.world
    try:
        if line[0] in "+＋" and len(line) > 1 and not line[1].isdigit():
            world.join(scene.group, f"sim:{line[1:].strip()}", line[1:].strip())
        elif line[0] in "-－" and len(line) > 1 and not line[1].isdigit():
            world.leave(scene.group, f"sim:{line[1:].strip()}")
        else:
            name, colon, words = line.replace("：", ":", 1).partition(":")
            uid = f"sim:{name.strip()}"
            if not colon or uid not in world.room(scene.group).people:
                uid, words = f"sim:{scene.members[0] if scene.members else scene.operator}", line
            world.say(scene.group, uid, words.strip())
    except Impossible as error:
        console.print(f"[red]{error}[/red]")
    app.simulator.deliver()
