"""Levels on the live engine: points lift a member in the transaction that gives them, and the label holds at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.events import NameChanged
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from storage.database import Database
from tests.engine.test_bank import BOT, MessageReceived

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
_TEMPLATES = Path(__file__).parents[2] / "templates"
CHAT = "qq:100"
PLAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "打卡": ("checkin", {"commands": ["打卡"], "points": 10}),
    "积分": ("points", {"caps": {"checkin": 15}, "benefits": {"见面礼": 5}}),
    "等级": ("levels", {
        "levels": [{"name": "青铜"}, {"name": "白银", "at": 10}, {"name": "黄金", "at": 15, "title": "黄金书友"}],
        "promote": "at_once", "announce": "at_once",
    }),
}  # fmt: skip


def plans() -> Callable[[str], GroupPlan]:
    header = Header(playbook="营", title="共读营")
    kinds = all_plays()
    actives = [
        ActivePlay(
            name=name, play=kinds[kind], params=kinds[kind].Params.model_validate(params), version="v1", header=header
        )
        for name, (kind, params) in PLAYS.items()
    ]
    return lambda chat: plan_of(chat, actives)


class Club:
    def __init__(self, database: Database) -> None:
        self._connection = database.engine.connect()
        self.kernel = Kernel(self._connection, plan_for=plans(), renderer=Renderer(_TEMPLATES), trace=False)
        self.kernel.open(NOW)
        self.now, self.count = NOW, 0

    def says(self, *lines: tuple[str, str]) -> None:
        """(member, words) in one batch."""
        batch = []
        for who, words in lines:
            self.count += 1
            event = MessageReceived(
                id=f"m{self.count}", account=BOT, chat=CHAT, member=f"qq:{who}", at=self.now,
                message_id=f"m{self.count}", text=words, name=who,
            )  # fmt: skip
            batch.append(Inbound(event, self.now))
        self.kernel.cycle(self.now, batch)

    def labels(self, who: str) -> set[str]:
        room = self.kernel.directory.rooms[CHAT]
        person = self.kernel.directory.person(room, f"qq:{who}")
        assert person is not None
        return {label for label in self.kernel.directory.member(room, person).labels if label.startswith("level:")}

    def rows(self, query: str) -> list[Any]:
        with self._connection.begin():
            return list(self._connection.execute(text(query)).scalars())

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def club(database: Database) -> Iterator[Club]:
    made = Club(database)
    yield made
    made.close()


def test_points_of_one_batch_add_up(club: Club) -> None:
    """Both awards of one transaction count before they are written; who rises twice in it is congratulated once."""
    club.says(("小明", "打卡"), ("小明", "领取 见面礼"), ("小红", "打卡"))
    assert club.labels("小明") == {"level:黄金", "level:黄金+", "level:白银+", "level:青铜+"}
    assert club.labels("小红") == {"level:白银", "level:白银+", "level:青铜+"}
    said = [body for body in club.rows("SELECT body FROM outbox ORDER BY id") if "升级" in body]
    assert ["「黄金」小明" in body for body in said] == [True, False]
    notes = club.rows("SELECT data FROM note WHERE what = 'level' ORDER BY id")
    assert ['"黄金"' in note for note in notes] == [True, False]
    assert club.rows("SELECT count(*) FROM dead_event") == [0]


def test_labels_are_there_after_a_restart(club: Club, database: Database) -> None:
    """They are rows like any tag."""
    club.says(("小红", "打卡"))
    again = Club(database)
    try:
        again.says(("小红", "早"))
        assert again.labels("小红") == {"level:白银", "level:白银+", "level:青铜+"}
    finally:
        again.close()


def test_what_the_network_says_of_titles_reaches_the_plays(club: Club) -> None:
    """From the member list, and from the word that somebody got one; nothing heard is not known."""
    club.says(("小红", "早"))
    room = club.kernel.directory.rooms[CHAT]
    person = club.kernel.directory.person(room, "qq:小红")
    assert person is not None
    assert club.kernel.directory.member(room, person).title is None
    event = NameChanged(id="t1", account=BOT, chat=CHAT, at=club.now, member="qq:小红", what="title", new="镇群之宝")
    club.kernel.cycle(club.now + timedelta(seconds=1), [Inbound(event, club.now)])
    assert club.kernel.directory.roster(room)["qq:小红"].title == "镇群之宝"
