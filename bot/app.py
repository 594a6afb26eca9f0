"""The composition root: the only file that knows everybody."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.config import Settings
from bot.console.ports import Health
from bot.core.errors import ConfigMistake, StorageError
from bot.core.play import Capability, Schedule
from bot.core.scoring import scoring_of
from bot.engine import rescoring
from bot.engine.calendar import next_fire
from bot.engine.clock import Clock, WallClock, to_ms
from bot.engine.failpoints import fp
from bot.engine.history import Said
from bot.engine.images import Downloads
from bot.engine.indexing import follow
from bot.engine.kernel import Kernel, NotRepeatable
from bot.engine.live import LiveEngine
from bot.engine.merging import MergeRefused
from bot.engine.orders import Order
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.engine.rollups import roll_up, settle_days
from bot.engine.tidying import tidy
from bot.insight.pictures.drawer import Drawer
from bot.insight.reports.maker import ReportMaker
from bot.playbook.load import Loaded
from bot.playbook.model import ActivePlay, GroupPlan
from bot.playbook.versions import dump_play, restore_play
from bot.plays import all_plays, asset_parsers
from bot.transports.base import Transport
from bot.transports.onebot11 import OneBot
from bot.transports.simulator import SimulatorTransport, World
from bot.transports.wechat import WeChat
from bot.usecases import Backstage
from bot.usecases.secret import set_up_code
from storage.console import has_users
from storage.database import Database
from storage.schema import upgrade

if TYPE_CHECKING:
    from bot.console.site import Site
    from bot.console.web import LazySite, QuietServer

log = logging.getLogger(__name__)
_DEFAULT_TEMPLATES = Settings.model_fields["templates"].default


_ZONE = ZoneInfo("Asia/Shanghai")
_COUNT_EVERY_S = 300.0
_NOT_REPEATABLE = (
    "这件事没法再做一遍：它是定时、网络的答复，或者那一步其实做完了，只是有一句话没能写出来"
    " · can't be repeated: a timer, an answer of the network, or a step that was done but for one text"
)


class App:
    """The bot with everything that belongs to it. `run` serves until `stop` is set."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        _have_folders(settings)
        self.settings = settings
        self.clock = clock or WallClock()
        self.folder = PlaybookFolder(settings.playbooks, self.clock.now)
        self.loaded = self.folder.load()
        self.database = Database(settings.database)
        self.world = self._world() if settings.simulator.enabled else None
        self.simulator = SimulatorTransport(self.world, clock=self.clock.now) if self.world else None
        onebot = settings.onebot and settings.onebot.model_copy(update={"debug_frames": settings.keep_frames})
        self.onebot = OneBot(onebot, now=self.clock.now) if onebot else None
        self.wechat = WeChat(settings.wechat, now=self.clock.now) if settings.wechat else None
        transports: dict[str, Transport] = {
            each.platform: each for each in (self.simulator, self.onebot, self.wechat) if each is not None
        }
        self.upgraded = upgrade(self.database, now=self.clock.now())
        self._connection = self.database.engine.connect()
        self.kernel = Kernel(
            self._connection,
            plan_for=self._plan_of(self.loaded),
            renderer=Renderer(settings.templates),
            limits=settings.limits.limits(),
            caps_of=self._capabilities,
            dump=dump_play,
            restore=self._restore,
            trace=settings.trace,
            operators=frozenset(settings.operators),
            relays=lambda account: self.wechat is not None and self.wechat.relays(account),
            invitations=settings.invitations,
        )
        self.kernel.open(self.clock.now())
        self.engine = LiveEngine(
            self.kernel, transports, self.clock, keep_frames=settings.keep_frames, reads_images=self._reads_images,
            downloads=Downloads(settings.images.allow_networks), pictures=settings.playbooks,
            draws=Drawer(settings.templates, settings.data_folder / "pictures"),
            reports=ReportMaker(
                self.database, settings.templates, lambda: self.loaded, self.clock.now,
                lambda chat: roll_up(self.engine, self.clock.now(), chat),
            ),
        )  # fmt: skip
        with self._connection.begin():
            is_new = not has_users(self._connection)
        self.set_up_code = set_up_code() if is_new and settings.http.enabled else ""
        """Printed at the start while nobody can sign in to the console; makes its first owner."""
        self.backstage = Backstage(
            self.database, self.engine, lambda: self.loaded, self.folder, self.reload, self.clock.now, _ZONE, code=self.set_up_code,
            quota=settings.limits.limits().daily_quota, wechat=self.wechat, templates=settings.templates,
        )  # fmt: skip
        self._console: LazySite | None = None
        self.is_ready = asyncio.Event()
        self.rollup_differences = 0
        """Days whose figures differed from the log, since the start."""

    # -- life -------------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`, then drains and closes; what is durable stays, what was claimed is settled."""
        web = self._web()
        watching = asyncio.create_task(self.folder.watch(self._changed), name="watch playbooks")
        tidying = asyncio.create_task(self._tidy_daily(), name="retention")
        counting = asyncio.create_task(self._count_always(), name="rollups")
        indexing = asyncio.create_task(follow(self.engine), name="search index")
        serving = asyncio.create_task(web.serve(), name="web") if web is not None else None
        try:
            engine = asyncio.create_task(self.engine.run(stop), name="engine")
            await self._become_ready(engine)
            await engine
        finally:
            stop.set()
            watching.cancel()
            tidying.cancel()
            counting.cancel()
            indexing.cancel()
            if self._console is not None:
                self._console.close()
            if web is not None and serving is not None:
                web.should_exit = True
                await asyncio.wait({serving}, timeout=5)
            self._connection.close()
            await self.database.aclose()

    async def _become_ready(self, engine: asyncio.Task[None]) -> None:
        if self.onebot is not None and self.settings.onebot is not None and self.settings.onebot.listen:
            listening = asyncio.create_task(self.onebot.is_listening.wait())
            await asyncio.wait({listening, engine}, return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
        self.is_ready.set()

    # -- use-cases --------------------------------------------------------------------------------------------------

    def health(self) -> Health:
        kernel, writing = self.kernel, self.engine.writing
        numbers: dict[str, float] = {name: float(value) for name, value in asdict(kernel.counters).items()}
        now_ms = to_ms(self.clock.now())
        oldest = kernel.outbox.oldest_at()
        numbers |= {
            "queue_length": float(len(writing)),
            "lag_seconds": writing.lag.waited_s,
            "commit_seconds": writing.lag.took_s,
            "outbox_waiting": float(len(kernel.outbox)),
            "outbox_age_seconds": max(0.0, (now_ms - oldest) / 1000) if oldest is not None else 0.0,
            "suspects": float(len(kernel.suspects)),
            "malformed_frames": float(self.engine.malformed_frames),
            "groups_waiting": float(kernel.groups_waiting(self.clock.now())),
            "rollup_differences": float(self.rollup_differences),
            "playbooks_unavailable": float(sum(not each.is_available for each in self.loaded.playbooks)),
        }
        problems = []
        if not writing.is_alive:
            problems.append("the writing thread is not running")
        if writing.lag.is_refused:
            problems.append(f"the database refuses: {writing.lag.refusal}")
        ready = self.is_ready.is_set() and not problems
        return Health(
            is_ready=ready,
            problems=tuple(problems),
            accounts=self.engine.online,
            numbers=numbers,
            connections={f"wechat {place}": str(state) for place, state in self.wechat.states().items()}
            if self.wechat is not None
            else {},
        )

    def has_sends_due(self) -> bool:
        """Whether anything is on its way to a network, or waits for its turn only."""
        outbox = self.kernel.outbox
        oldest = outbox.oldest_at()
        return bool(outbox.in_flight) or (oldest is not None and oldest <= to_ms(self.clock.now()))

    async def resend(self, row_id: int, actor: str) -> bool:
        return await self.engine.call(lambda kernel: kernel.resend(row_id, self.clock.now(), actor))

    async def decide(self, task_id: int, choice: str, actor: str, text: str) -> bool:
        with suppress(LookupError):
            await self.engine.call(lambda kernel: kernel.decide(task_id, choice, actor, self.clock.now(), text))
            return True
        return False

    async def order(
        self, group: str, play: str, order: str, about: str, data: Mapping[str, str], *, action: str, actor: str
    ) -> str:
        wanted = Order(
            key=secrets.token_hex(8), play=play, order=order, about=about, chats=(group,), by=actor, action=action,
            data=data,
        )  # fmt: skip
        return await self.engine.call(lambda kernel: kernel.order_one(wanted, self.clock.now()))

    async def adopt_scoring(self, document: Mapping[str, Any]) -> None:
        scoring, now = scoring_of(document), self.clock.now()
        await self.engine.call(lambda kernel: rescoring.adopt(kernel, scoring, now))

    async def recount(self, days: Sequence[tuple[str, str]]) -> int:
        return await self.engine.call(lambda kernel: rescoring.recount(kernel, days))

    async def begin_import(self) -> None:
        await self.engine.call(lambda kernel: kernel.begin_import(is_live=True))

    async def import_history(self, chat: str, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """One batch of an export; what became of it."""
        batch = [Said(**one) for one in said]
        taken = await self.engine.call(lambda kernel: kernel.take_history(chat, batch, self.clock.now()))
        return {"new": taken.new, "known": taken.known, "cut": taken.cut, "members": sorted(taken.members)}

    async def end_import(self, chat: str, actor: str, detail: dict[str, Any]) -> None:
        await self.engine.call(lambda kernel: kernel.end_import(chat, actor, detail, self.clock.now()))

    async def retry(self, dead_id: int, actor: str) -> str:
        try:
            return await self.engine.call(lambda kernel: kernel.retry(dead_id, self.clock.now(), actor))
        except NotRepeatable:
            raise StorageError(_NOT_REPEATABLE) from None

    async def erase_member(self, uid: str, actor: str) -> dict[str, int]:
        return await self.engine.call(lambda kernel: kernel.erase_member(uid, self.clock.now(), actor))

    async def reload(self) -> list[str]:
        await self._changed(await asyncio.to_thread(self.folder.load))
        return [f"{problem.place.path}:{problem.place.line}: {problem.code}" for problem in self.loaded.problems]

    async def accounts_act(self, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        from bot.usecases.commands import act

        return await act(self.backstage.accounts, what, data)

    async def calendar_act(self, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        from bot.usecases.calendar.commands import act

        return await act(self.backstage.calendar, what, data)

    async def members_act(self, what: str, data: Mapping[str, Any]) -> bool:
        from bot.usecases.commands import member_act

        return await member_act(self.backstage.members, what, data)

    async def merge(self, older: str, newer: str, evidence: str, actor: str) -> str:
        """Two ids become one person; why not, or ""."""
        now, kinds = self.clock.now(), all_plays()
        try:
            await self.engine.call(lambda kernel: kernel.merge(older, newer, evidence, actor, now, kinds))
        except MergeRefused as refused:
            return str(refused)
        return ""

    async def split(self, newer: str, actor: str) -> str:
        """Takes a merge back; why not, or ""."""
        now, kinds = self.clock.now(), all_plays()
        try:
            await self.engine.call(lambda kernel: kernel.part(newer, actor, now, kinds))
        except MergeRefused as refused:
            return str(refused)
        return ""

    async def mark_bot(self, uid: str, is_bot: bool, evidence: str, actor: str) -> str:
        """A member is a bot, or a person after all; why not, or ""."""
        now = self.clock.now()
        try:
            await self.engine.call(lambda kernel: kernel.mark_bot(uid, is_bot, evidence, actor, now))
        except LookupError:
            return f"不认识 {uid} · nobody of that id is known"
        return ""

    async def tidy(self) -> int:
        """Cuts the log to what the settings keep; how many rows went."""
        rules = self.settings.retention
        return await tidy(self.engine, self.clock.now(), rules.groups, rules.days)

    # -- inside -----------------------------------------------------------------------------------------------------

    async def _tidy_daily(self) -> None:
        schedule = Schedule(name="retention", at=self.settings.retention.at)
        while (due := next_fire(schedule, self.clock.now(), _ZONE)) is not None:
            await asyncio.sleep((due - self.clock.now()).total_seconds())
            log.info("retention: %d rows deleted", await self.tidy())

    async def _count_always(self) -> None:
        """The coarse figures follow the log; days that are over are compared with it."""
        while True:
            try:
                await roll_up(self.engine, self.clock.now())
                self.rollup_differences += await settle_days(self.engine, self.clock.now())
            except Exception:
                log.exception("the figures could not be counted; trying again")
            await asyncio.sleep(_COUNT_EVERY_S)

    async def _changed(self, loaded: Loaded) -> None:
        """New playbooks, already validated: one swap, between two transactions."""
        fp("reload.swap")
        self.loaded = loaded
        plan_of = self._plan_of(loaded)
        await self.engine.call(lambda kernel: kernel.reload(plan_of, self.clock.now()))
        errors = sum(problem.is_error for problem in loaded.problems)
        log.info("playbooks loaded: %d, errors: %d", len(loaded.playbooks), errors)

    def _plan_of(self, loaded: Loaded) -> Callable[[str], GroupPlan | None]:
        def plan(chat: str) -> GroupPlan | None:
            found = loaded.plan(chat)
            return found if found.plays else None

        return plan

    def _restore(self, source: str) -> ActivePlay | None:
        """A pinned version from its row; None when this program can no longer run it: the run moves on to the new one."""
        try:
            return restore_play(source, all_plays(), asset_parsers())
        except ConfigMistake as mistake:
            log.warning("a pinned run moves to the current version: %s", mistake.message)
            return None

    def _reads_images(self, chat: str) -> bool:
        """Whether a play of the group wants to know what is in its pictures."""
        plays = self.loaded.plan(chat).plays.values()
        return any(active.play.reads_images(active.params) for active in plays)

    def _capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        return self.engine.capabilities(account, chat)

    def _world(self) -> World:
        scene = self.settings.simulator
        world = World(self.clock.now())
        world.found(scene.group, scene.group.partition(":")[2], bot_role="admin")
        world.settle(scene.group, f"sim:{scene.operator}", scene.operator, role="owner")
        for name in scene.members:
            world.settle(scene.group, f"sim:{name}", name)
        return world

    def _web(self) -> QuietServer | None:
        http = self.settings.http
        if not http.enabled:
            return None
        from bot.console.web import LazySite, build_web, server_of  # 5 MB that a bot without a web port does without

        self._console = LazySite(self._site)
        token = control_token(self.settings.data_folder, create=True)
        return server_of(build_web(self, token, self._console), http.host, http.port)

    def _site(self) -> Site:
        from bot.console.site import Site

        return Site(self.backstage, url=self.settings.http.url)


def _have_folders(settings: Settings) -> None:
    """Raises `ConfigMistake` where the playbooks are not, or templates that somebody named: started elsewhere, the bot would
    end all that runs."""
    for key, folder in (("playbooks", settings.playbooks), ("templates", settings.templates)):
        if not folder.exists() and (key == "playbooks" or folder != _DEFAULT_TEMPLATES):
            raise ConfigMistake(
                f"找不到 {key} 文件夹 {folder}（在 {Path.cwd()} 里找） · no {key} folder {folder} in {Path.cwd()}",
                code="CF004",
                place=key,
                hint=f"在放着它的文件夹里启动，或在 config.yaml 里给 {key} 写完整路径 · start where it is, or give its full path",
            )


def control_token(folder: Path, *, create: bool = False) -> str:
    """The secret of the local control port, in a file that only the bot's user can read; "" if there is none."""
    file = folder / "control.token"
    if create:
        folder.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(token)
        return token
    return file.read_text() if file.exists() else ""


def transports_of(app: App) -> Mapping[str, str]:
    """Platform → where it listens or what it is, for the start-up banner."""
    found = {}
    if app.world is not None:
        found["sim"] = app.settings.simulator.group
    if app.onebot is not None and app.settings.onebot is not None:
        found["qq"] = f"ws://{app.settings.onebot.host}:{app.onebot.port}{app.settings.onebot.path}"
    if app.wechat is not None:
        found["wechat"] = ", ".join(each.endpoint for each in app.settings.wechat)
    return found
