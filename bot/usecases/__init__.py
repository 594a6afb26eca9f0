"""What the console and the command line ask of the bot: one file per area, over the engine and the storage.

`Backstage` holds one of each; each is imported and made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.engine.live import LiveEngine
from bot.engine.orders import Order
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.load import Loaded
from storage.database import Database

if TYPE_CHECKING:
    from bot.transports.wechat import WeChat
    from bot.usecases.accounts import Accounts
    from bot.usecases.calendar import CalendarDesk
    from bot.usecases.chains import ChainsDesk
    from bot.usecases.checkins import CheckinsDesk
    from bot.usecases.groups import GroupsDesk
    from bot.usecases.insight import InsightDesk
    from bot.usecases.member_acts import MembersDesk
    from bot.usecases.moderation import ModerationDesk
    from bot.usecases.playbooks import PlaybooksDesk
    from bot.usecases.quizzes import QuizzesDesk
    from bot.usecases.today import TodayDesk
    from bot.usecases.tryout import TryoutDesk

R = TypeVar("R")


@dataclass(eq=False)
class Backstage:
    """Answers `bot.console.ports.Backstage`. `loaded` gives the playbooks in force, `reload` takes the
    folder as it is now; `code` is the set-up's, once."""

    database: Database
    engine: LiveEngine
    loaded: Callable[[], Loaded]
    folder: PlaybookFolder
    reload: Callable[[], Awaitable[object]]
    now: Callable[[], datetime]
    zone: ZoneInfo
    code: str = ""
    quota: int = 0
    wechat: WeChat | None = None
    templates: Path = Path("templates")

    async def write(self, work: Callable[[Connection], R], /) -> R:
        """One transaction of the writing thread, for rows that no cache of the engine holds."""
        return await self.engine.call(lambda kernel: kernel.in_transaction(work))

    def watch(self, poke: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        return self.engine.watch(poke)

    def tags_of(self, group: str) -> frozenset[str]:
        return self.loaded().house.tags_of(group)

    @cached_property
    def accounts(self) -> Accounts:
        from bot.usecases.accounts import Accounts

        return Accounts(self.database, self.write, self.now, code=self.code, tags_of=self.tags_of)

    @cached_property
    def today(self) -> TodayDesk:
        from bot.usecases.today import TodayDesk

        return TodayDesk(self.database, self.engine, self.loaded, self.now, self.quota, self.wechat)

    @cached_property
    def groups(self) -> GroupsDesk:
        from bot.usecases.groups import GroupsDesk

        return GroupsDesk(self.database, self.engine, self.loaded, self.now, self.zone)

    @cached_property
    def playbooks(self) -> PlaybooksDesk:
        from bot.usecases.playbooks import PlaybooksDesk

        return PlaybooksDesk(
            self.database, self.folder, self.loaded, self.reload, self.write, self.templates, self.now
        )  # fmt: skip

    @cached_property
    def calendar(self) -> CalendarDesk:
        from bot.usecases.calendar import CalendarDesk

        return CalendarDesk(
            self.database, self.engine, self.loaded, self.playbooks, self.templates, self.now, self.zone, self.quota
        )

    @cached_property
    def insight(self) -> InsightDesk:
        from bot.usecases.insight import InsightDesk

        return InsightDesk(
            self.database, self.engine, self.loaded, self.folder.path, self.templates, self.now, self.zone
        )  # fmt: skip

    @cached_property
    def chains(self) -> ChainsDesk:
        from bot.usecases.chains import ChainsDesk

        return ChainsDesk(self.database, self.engine, self.now)

    @cached_property
    def checkins(self) -> CheckinsDesk:
        from bot.usecases.checkins import CheckinsDesk

        return CheckinsDesk(self.database, self.engine, self.now)

    @cached_property
    def quizzes(self) -> QuizzesDesk:
        from bot.usecases.quizzes import QuizzesDesk

        return QuizzesDesk(self.database, self.engine, self.now)

    @cached_property
    def tryout(self) -> TryoutDesk:
        from bot.usecases.tryout import TryoutDesk

        return TryoutDesk(self.folder.path, self.now)

    @cached_property
    def moderation(self) -> ModerationDesk:
        from bot.usecases.moderation import ModerationDesk

        async def order(wanted: Order) -> str:
            return await self.engine.call(lambda kernel: kernel.order_one(wanted, self.now()))

        return ModerationDesk(self.database, order, self.loaded, self.playbooks, self.now)

    @cached_property
    def members(self) -> MembersDesk:
        from bot.usecases.member_acts import MembersDesk

        return MembersDesk(self.database, self.loaded, self.now, self.zone, self.engine)
