"""A kernel that is stepped by hand over a real database, with a playbook of rules and check-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.events import MessageReceived
from bot.engine.kernel import Kernel
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from storage.database import Database

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
BOT, ONE, TWO = "qq:1", "qq:600", "qq:601"
BOOK = """\
playbook: camp
groups: [qq:*]
plays:
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    mode: enforce
    rules:
      - {id: 拉人, match: {phrases: [加微信]}}
      - {id: 广告, mode: shadow, match: {phrases: [免费送]}}
  打卡: {kind: checkin, metric: checkin.rate}
"""


class Bench:
    def __init__(self, database: Database, folder: Path) -> None:
        (folder / "camp.yaml").write_text(BOOK, "utf-8")
        self.now = NOW
        self.loaded = PlaybookFolder(folder, lambda: self.now).load()
        self.connection = database.engine.connect()
        self.kernel = Kernel(
            self.connection, plan_for=self.loaded.plan, renderer=Renderer(Path(__file__).parents[2] / "templates")
        )
        self.kernel.open(NOW)
        self.kernel.outbox.set_online(BOT, True)
        self.count = 0

    def says(self, text: str, who: str = "qq:7", group: str = ONE, name: str = "小红") -> None:
        self.count += 1
        self.now += timedelta(seconds=15)
        said = MessageReceived(
            id=f"m{self.count}", account=BOT, chat=group, member=who, at=self.now, message_id=f"m{self.count}", text=text,
            name=name,
        )  # fmt: skip
        self.kernel.cycle(self.now, [Inbound(said, self.now)])
