"""The console's pages over a large log, asked by ASGI: routing, session, rights, queries and templates, without a socket.

The log is only read. Users and sessions are in a database in memory; the engine beside it runs nothing and is not connected.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import httpx
from argon2 import PasswordHasher
from sqlalchemy import Connection

from bot.console.access import Bounds, Grant
from bot.console.ports.accounts import Visitor
from bot.console.site import Site
from bot.engine.clock import WallClock
from bot.engine.live import LiveEngine
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.load import Loaded
from bot.sim.house import House
from bot.usecases import Backstage
from bot.usecases.accounts import Accounts
from bot.usecases.passwords import Passwords
from storage.database import Database

R = TypeVar("R")
_HOST = "http://localhost"


class Pages:
    """An owner's browser. Call `sign_in` first."""

    def __init__(self, log: Database, folder: PlaybookFolder, loaded: Loaded, now: datetime) -> None:
        self._house = House(now, loaded.plan)

        async def reload() -> None: ...

        backstage = Backstage(
            database=log, engine=LiveEngine(self._house.kernel, {}, WallClock()), loaded=lambda: loaded, folder=folder,
            reload=reload, now=lambda: now, zone=ZoneInfo("Asia/Shanghai"),
        )  # fmt: skip
        self._accounts = Accounts(
            self._house.database, self._write, lambda: now,
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        )  # fmt: skip
        backstage.accounts = self._accounts  # type: ignore[misc]
        self._site = Site(backstage)
        transport = httpx.ASGITransport(app=self._site.app, client=("127.0.0.1", 50000))
        self._browser = httpx.AsyncClient(transport=transport, base_url=_HOST)

    async def sign_in(self) -> None:
        await self._accounts.add_user("bench", "correct horse", [Grant(role="owner", bounds=Bounds())], "bench")
        secret = await self._accounts.sign_in("bench", "correct horse", Visitor(address="127.0.0.1"))
        self._browser.cookies.set("qunops", secret, domain="localhost.local")

    def all(self, group: str) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
        """(name, what asks for it) of the pages that an operator opens first."""
        paths = {
            "console: Today": "/", "console: Groups": "/groups", "console: Groups by size, page 10": "/groups?sort=size&page=10",
            "console: one group": f"/groups/{group}", "console: its members": f"/groups/{group}/members",
            "console: Playbooks": "/playbooks",
        }  # fmt: skip
        return [(name, lambda path=path: self._get(path)) for name, path in paths.items()]  # type: ignore[misc]

    async def close(self) -> None:
        await self._browser.aclose()
        self._site.close()
        await self._house.database.aclose()

    async def _get(self, path: str) -> None:
        answer = await self._browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    async def _write(self, work: Callable[[Connection], R], /) -> R:
        with self._house.connection.begin():
            return work(self._house.connection)
