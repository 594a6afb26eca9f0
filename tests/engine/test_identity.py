"""Two ids that an operator declares to be one person: points, streaks and rankings go on, and a split gives each its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.core.events import MemberJoined, MemberLeft, MessageReceived
from bot.core.play import Member
from bot.core.segments import Mention
from bot.engine.kernel import Kernel
from bot.engine.merging import MergeRefused
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from bot.transports.base import Message
from storage.boards import board
from storage.database import Database
from storage.figures import groups
from storage.invariants import violations
from storage.persons import candidates, history

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BOT = "wechat:wxid_bot"
_TEMPLATES = Path(__file__).parents[2] / "templates"
_KINDS = all_plays()
_serial = count(1)


def plan_for(chat: str) -> GroupPlan | None:
    header = Header(playbook="营", title="共读营", operators=frozenset({"wechat:old-op"}))
    plays = {
        "打卡": ("checkin", {"commands": ["打卡"], "points": 5, "makeup": {"within": "72h", "cost": 8}}),
        "前台": ("desk", {}),
        "群规": ("rules", {"mode": "enforce", "rules": [{"id": "拉人", "match": {"regex": "加微信"}, "level": 3}],
                          "ladder": [{"at": 1, "do": "kick", "confirm": "none"}]}),
    }  # fmt: skip
    return plan_of(
        chat,
        [
            ActivePlay(
                name=name,
                play=_KINDS[kind],
                params=_KINDS[kind].Params.model_validate(params),
                version="1",
                header=header,
            )
            for name, (kind, params) in plays.items()
        ],
    )


class Camp:
    """One group of its own in the database. `old` and `new` are two ids of one name."""

    def __init__(self, kernel: Kernel) -> None:
        mark = next(_serial)
        self.kernel, self.now = kernel, NOW
        self.group, self.old, self.new = f"wechat:{mark}@chatroom", f"wechat:old{mark}", f"wechat:new{mark}"
        self._count = count(1)

    def says(self, who: str, words: str, name: str = "小明", **more: Any) -> list[str]:
        n = f"{self.group}-{next(self._count)}"
        return self.happens(
            MessageReceived(
                id=n, account=BOT, chat=self.group, member=who, at=self.now, message_id=n, text=words, name=name, **more
            )
        )

    def happens(self, *events: Any) -> list[str]:
        """What went out for it: words, or the act and whom it concerns."""
        sends, said = self.kernel.cycle(self.now, [Inbound(event, self.now) for event in events]), []
        while sends:
            for send in sends:
                out = send.outgoing
                said.append(
                    "".join(p.target if isinstance(p, Mention) else getattr(p, "text", "") for p in out.segments)
                    if isinstance(out, Message)
                    else f"{type(out).__name__} {getattr(out, 'member', '')}"
                )
            sends = self.kernel.cycle(self.now, settled=[Settled(id=send.id, outcome="done") for send in sends])
        return said

    def merge(self) -> None:
        self.kernel.merge(self.old, self.new, "同群同名", "console:老陈", self.now, _KINDS)

    def split(self) -> None:
        assert self.kernel.part(self.new, "console:老陈", self.now, _KINDS) == self.old

    def days(self, who: str) -> set[int]:
        """Days since `NOW` that the id's own calendar shows."""
        data = self.slot(who)
        if data is None:
            return set()
        found = set()
        for month, marks in orjson.loads(data)["months"].items():
            first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC, hour=4)
            found |= {(first - NOW).days + n for n, mark in enumerate(marks) if mark == "o"}
        return found

    def slot(self, who: str) -> str | None:
        found = self.all(
            "SELECT s.data FROM slot s JOIN run r ON r.id = s.run_id JOIN chat c ON c.id = r.chat_id"
            " WHERE r.kind = 'checkin' AND c.uid = :chat AND s.key = :who",
            chat=self.group, who=who,
        )  # fmt: skip
        return str(found[0][0]) if found else None

    def points(self, who: str) -> int:
        found = self.all(
            "SELECT b.points FROM balance b JOIN member m ON m.id = b.member_id JOIN chat c ON c.id = b.chat_id"
            " WHERE c.uid = :chat AND m.uid = :who",
            chat=self.group, who=who,
        )  # fmt: skip
        return int(found[0][0]) if found else 0

    def ranking(self, kind: str = "points") -> list[tuple[str, float]]:
        with self.kernel.writer.connection.begin():
            chat_id = self.kernel.directory.rooms[self.group].id
            return [(row.member, row.total) for row in board(self.kernel.writer.connection, chat_id, kind, None)]

    def all(self, query: str, **values: Any) -> list[Any]:
        with self.kernel.writer.connection.begin():
            return list(self.kernel.writer.connection.execute(text(query), values).all())

    def is_sound(self) -> None:
        with self.kernel.writer.connection.begin():
            assert violations(self.kernel.writer.connection) == []


@pytest.fixture
def kernel(database: Database) -> Iterator[Kernel]:
    with database.engine.connect() as connection:
        made = Kernel(connection, plan_for=plan_for, renderer=Renderer(_TEMPLATES))
        made.open(NOW)
        made.outbox.set_online(BOT, True)
        yield made


@pytest.fixture
def camp(kernel: Kernel) -> Camp:
    return Camp(kernel)


def test_a_streak_goes_on_under_the_new_id(camp: Camp) -> None:
    """Two days under the old id, one under the new one, merged: four days in a row, twenty points, one row in the ranking."""
    for day, who in enumerate((camp.old, camp.old, camp.new)):
        camp.now = NOW + day * DAY
        camp.says(who, "打卡")
    camp.merge()
    camp.now = NOW + 3 * DAY
    assert "连续 4 天" in camp.says(camp.new, "打卡")[0]
    assert "20" in "".join(camp.says(camp.new, "积分"))
    assert camp.ranking() == [(camp.old, 20.0)]
    assert [who for who, _ in camp.ranking("activity")] == [camp.old]
    camp.is_sound()


def test_one_check_in_a_day_however_many_ids(camp: Camp) -> None:
    """Who checked in before the merge under one id does not check in again under the other, before and after a restart."""
    camp.says(camp.new, "早")
    camp.says(camp.old, "打卡")
    camp.merge()
    assert "积分" not in "".join(camp.says(camp.new, "打卡"))
    camp.kernel.open(camp.now)
    camp.says(camp.new, "打卡")
    assert (camp.points(camp.old), camp.points(camp.new)) == (5, 0)
    assert len(camp.all("SELECT 1 FROM note WHERE what = 'checkin'")) == 1


def test_a_split_gives_back_exactly_what_was(camp: Camp) -> None:
    """Merged by mistake and split at once: every document is the same text as before, and the rows were never touched."""
    camp.says(camp.old, "打卡")
    camp.says(camp.new, "打卡")
    camp.says(camp.new, "退出排行")
    before = camp.all("SELECT run_id, key, data FROM slot ORDER BY run_id, key")
    camp.merge()
    assert camp.slot(camp.new) is None
    camp.split()
    assert camp.all("SELECT run_id, key, data FROM slot ORDER BY run_id, key") == before
    assert [who for who, _ in camp.ranking()] == sorted((camp.new, camp.old))
    camp.is_sound()


def test_what_is_spent_leaves_no_debt_behind(camp: Camp) -> None:
    """Spending takes from the acting id first, then from the other: neither is ever below zero, whoever is split off."""
    camp.says(camp.new, "早")
    camp.says(camp.old, "打卡")
    camp.merge()
    camp.now = NOW + 2 * DAY
    camp.says(camp.new, "打卡")
    assert (camp.points(camp.old), camp.points(camp.new)) == (5, 5)
    assert "补" in camp.says(camp.new, "补卡")[0]
    assert (camp.points(camp.old), camp.points(camp.new), camp.days(camp.old)) == (2, 0, {0, 2})
    camp.is_sound()
    camp.split()
    assert (camp.days(camp.old), camp.days(camp.new)) == ({0}, {2})
    camp.is_sound()


def test_the_network_is_told_the_id_that_is_there(camp: Camp) -> None:
    """Plays speak of the person; mentions and removals go to the id in the group, and roles follow the person."""
    camp.says(camp.old, "早")
    camp.happens(MemberLeft(id="gone", account=BOT, chat=camp.group, at=camp.now, member=camp.old))
    camp.says(camp.new, "早")
    camp.merge()
    assert f"Kick {camp.new}" in camp.says(camp.new, "加微信领资料")


def test_an_operator_stays_one_under_a_new_id(camp: Camp) -> None:
    """The playbook names the old id; after the merge the new one may do what operators may."""
    camp.says("wechat:old-op", "早", name="老陈")
    camp.says("wechat:new-op", "早", name="老陈")
    assert camp.says("wechat:new-op", "状态", name="老陈") == []
    camp.kernel.merge("wechat:old-op", "wechat:new-op", "本人说的", "console:cli", camp.now, _KINDS)
    assert camp.says("wechat:new-op", "状态", name="老陈") != []


def test_an_id_that_comes_or_goes_is_nobody_new(camp: Camp) -> None:
    """As long as the person is there under another id, plays hear of no join and no leave; the log has both."""
    camp.says(camp.old, "早")
    camp.says(camp.new, "早")
    camp.merge()
    camp.happens(MemberLeft(id="l", account=BOT, chat=camp.group, at=camp.now, member=camp.old))
    camp.happens(MemberJoined(id="j", account=BOT, chat=camp.group, at=camp.now, member=camp.old, name="小明"))
    assert camp.all("SELECT count(*) FROM event WHERE kind IN ('MemberLeft', 'MemberJoined')")[0][0] == 2
    with camp.kernel.writer.connection.begin():
        (figures,) = groups(camp.kernel.writer.connection, NOW.date(), uid=camp.group)
    assert (figures.members, figures.active_today) == (1, 1)


def test_what_cannot_be_merged(camp: Camp) -> None:
    """Unknown ids, two networks, the bot itself, somebody who is merged already, no evidence: refused, nothing changes."""
    for who in (camp.old, camp.new, "wechat:third"):
        camp.says(who, "早")
    camp.kernel.learn_groups(BOT, [], camp.now)
    camp.merge()
    refused = [
        (camp.old, camp.old, "x"), (camp.old, "wechat:nobody", "x"), (camp.old, camp.new, "x"), (camp.new, "wechat:third", "x"),
        ("wechat:third", camp.old, "x"), (camp.old, "wechat:third", " "),
    ]  # fmt: skip
    for older, newer, evidence in refused:
        with pytest.raises(MergeRefused):
            camp.kernel.merge(older, newer, evidence, "console:cli", camp.now, _KINDS)
    with camp.kernel.writer.connection.begin():
        assert len(history(camp.kernel.writer.connection)) == 1


def test_later_merges_are_split_first(camp: Camp) -> None:
    """A third id merged later holds the second: its documents were joined on top."""
    third = "wechat:third"
    for day, who in enumerate((camp.old, camp.new, third)):
        camp.now = NOW + day * DAY
        camp.says(who, "打卡")
    camp.merge()
    camp.kernel.merge(camp.old, third, "又换了", "console:cli", camp.now, _KINDS)
    assert camp.days(camp.old) == {0, 1, 2}
    with pytest.raises(MergeRefused, match=third):
        camp.kernel.part(camp.new, "console:cli", camp.now, _KINDS)
    camp.kernel.part(third, "console:cli", camp.now, _KINDS)
    camp.split()
    assert [camp.days(who) for who in (camp.old, camp.new, third)] == [{0}, {1}, {2}]


def test_candidates_are_suggested_never_merged(camp: Camp) -> None:
    """Same name in the same group, with what speaks for it and against it; other names and merged pairs are left out."""
    camp.says(camp.old, "早")
    camp.happens(MemberLeft(id="gone", account=BOT, chat=camp.group, at=camp.now, member=camp.old))
    camp.now = NOW + DAY
    camp.says(camp.new, "早")
    camp.says("wechat:somebody", "早", name="小红")

    def found() -> list[tuple[str, str, str, str, int]]:
        with camp.kernel.writer.connection.begin():
            rows = candidates(camp.kernel.writer.connection, "wechat", chat=camp.group)
        return [(each.older, each.newer, each.until, each.since, each.both) for each in rows]

    assert found() == [(camp.old, camp.new, "2026-03-02", "2026-03-03", 0)]
    assert camp.kernel.directory.persons.head(camp.new) == camp.new
    camp.merge()
    assert found() == []


def test_the_list_of_members_names_each_person_once(camp: Camp) -> None:
    """After a new login the network lists new ids only; the roster that plays see has the person."""
    camp.says(camp.old, "早")
    camp.says(camp.new, "早")
    camp.merge()
    camp.kernel.learn_members(BOT, camp.group, [Member(uid=camp.new, name="小明")], camp.now)
    room = camp.kernel.directory.rooms[camp.group]
    with camp.kernel.writer.connection.begin():
        assert list(camp.kernel.directory.roster(room)) == [camp.old]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), max_size=14),
    span=st.tuples(st.integers(0, 14), st.integers(0, 14)),
)
def test_merged_then_split_each_has_its_own(kernel: Kernel, acts: list[tuple[int, int]], span: tuple[int, int]) -> None:
    """Whatever two ids do before, during and after a merge: never two check-ins of one person on one day while they are
    one, and after the split each has exactly the days and points that it earned."""
    camp = Camp(kernel)
    merge_at, split_at = min(span), max(span)
    own: tuple[set[int], set[int]] = (set(), set())
    for who in (camp.old, camp.new):
        camp.says(who, "早")
    acts = sorted(acts, key=lambda act: act[1])
    for place in range(15):
        if place == merge_at:
            camp.merge()
        if place < len(acts):
            who, day = acts[place]
            camp.now = NOW + day * DAY
            camp.says((camp.old, camp.new)[who], "打卡")
            is_one = merge_at <= place <= split_at
            if day not in (own[0] | own[1] if is_one else own[who]):
                own[who].add(day)
            if is_one:
                assert camp.days(camp.old) == own[0] | own[1]
        if place == split_at:
            camp.split()
    assert (camp.days(camp.old), camp.days(camp.new)) == own
    assert (camp.points(camp.old), camp.points(camp.new)) == (5 * len(own[0]), 5 * len(own[1]))
    camp.is_sound()
