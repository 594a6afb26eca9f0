"""Imported histories: nothing twice, nothing lost, the same counting as live, and no play that notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.engine import failpoints
from bot.engine.clock import to_ms
from bot.engine.history import Numbering, Said, Taken, member_uid, words_of
from bot.engine.importing import Account, carry
from bot.engine.kernel import Kernel
from bot.engine.traffic import Inbound
from bot.transports.exports import Source, detect, read
from storage.database import Database
from storage.invariants import violations
from storage.schema import upgrade
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, says

SAMPLES = Path(__file__).parents[1] / "fixtures" / "exports"
EIGHT = datetime(2026, 3, 2, 0, 0, 15, tzinfo=UTC)
_TEMPLATES = Path(__file__).parents[2] / "templates"


@contextmanager
def bench(database: Database) -> Iterator[Bench]:
    made = Bench(database)
    try:
        yield made
    finally:
        made.connection.close()


def bring(kernel: Kernel, name: str, group: str = GROUP, **options: Any) -> Account:
    source = Source(SAMPLES / name)
    form = detect(source)
    assert form is not None
    items = read(source, form, ZoneInfo("Asia/Shanghai"), "700@chatroom")
    kernel.begin_import(is_live=True)
    *_, account = carry(items, group, lambda said: kernel.take_history(group, said, NOW), **options)
    kernel.end_import(group, "test", account.detail(name, form.id), NOW)
    return account


def rollup(made: Bench) -> list[tuple[Any, ...]]:
    query = (
        "SELECT p.uid, d.day, d.msgs, d.counted, d.chars, d.replies, d.last_at FROM member_day d"
        " JOIN member p ON p.id = d.member_id ORDER BY p.uid, d.day"
    )
    with made.connection.begin():
        return [tuple(row) for row in made.connection.execute(text(query))]


def test_twice_is_once(database: Database) -> None:
    """The whole export again, and the same evening in another tool's export: known, counted once."""
    with bench(database) as made:
        first = bring(made.kernel, "qq.txt")
        assert (first.taken.new, first.taken.known, first.read, first.notices) == (8, 0, 8, 1)
        counted = rollup(made)
        again = bring(made.kernel, "qq.txt")
        assert (again.taken.new, again.taken.known) == (0, 8)
        other = bring(made.kernel, "qq-gb18030.txt")
        assert (other.taken.new, other.taken.known) == (0, 8)
        assert rollup(made) == counted
        assert violations(made.connection) == []


def test_the_same_words_twice_in_a_second_are_two(database: Database) -> None:
    """小明 said it twice at 8:00:15, and both count; of ten seconds one scores."""
    with bench(database) as made:
        bring(made.kernel, "qq.txt")
        ming = next(row for row in rollup(made) if row[0] == "qq:600000001")
        assert ming[1:4] == ("2026-03-02", 2, 1)


def test_tools_overlap(database: Database) -> None:
    """Text first, then JSON with ids: what both have is known by second, member and words; the rest is added."""
    with bench(database) as made:
        bring(made.kernel, "qq.txt")
        account = bring(made.kernel, "qce.json")
        assert account.repeated == 1
        assert account.taken.known == 2
        assert account.taken.new == 2
        back = bring(made.kernel, "qce-parts.json")
        assert (back.taken.new, back.taken.known) == (0, 4)


def test_what_the_bot_logged_itself_is_recognised(database: Database) -> None:
    """A live message with a mention of the bot in front is the export's `@小助手 …`; a picture is `[图片]`."""
    with bench(database) as made:
        live = replace(says(600000001, "早上好，今天读第一章", at=EIGHT), name="小明")
        picture = replace(says(600000002, "", n=2, at=EIGHT + timedelta(seconds=1)), kind="image")
        made.hears(live, picture)
        account = bring(made.kernel, "qce-page.html")
        assert account.taken.known == 0, "the page's words differ, and u_bbb is no number"
        account = bring(made.kernel, "qce.jsonl")
        assert account.taken.known >= 2
        assert violations(made.connection) == []
    assert words_of("@小助手 打卡 今天 [图片]") == words_of("打卡今天")


def test_names_alone_find_the_live_message(database: Database) -> None:
    """An export without ids: the live message is found by second, name and words."""
    with bench(database) as made:
        made.hears(replace(says(600000001, "早上好，今天读第一章", at=EIGHT), name="小明"))
        account = bring(made.kernel, "qce.txt")
        assert (account.taken.known, account.taken.new, len(account.nameless)) == (1, 2, 3)
        again = bring(made.kernel, "qce.txt")
        assert again.taken.new == 0


def test_no_play_reacts(database: Database) -> None:
    """打卡 in an export earns nothing, sends nothing, joins nobody; the runs don't move."""
    with bench(database) as made:
        made.hears(says(600000009, "大家好"))
        bring(made.kernel, "qq.txt")
        assert made.one("SELECT count(*) FROM ledger") == 0
        assert made.one("SELECT count(*) FROM outbox") == 0
        assert made.one("SELECT count(*) FROM event") == 0
        assert made.one("SELECT count(*) FROM membership") == 1, (
            "who is in the group is what the network says, not the past"
        )
        assert made.one("SELECT sum(checkins) FROM member_day") == 0
        assert made.one("SELECT count(*) FROM message WHERE flags & 32 = 32") == 8


def test_a_group_nobody_is_in(database: Database) -> None:
    """The past of a group before the bot joins it; later starts don't run its plays without an account."""
    with bench(database) as made:
        bring(made.kernel, "qq.txt", "qq:777")
        made.kernel.activate(NOW)
        assert made.one("SELECT count(*) FROM run") == 0
        assert made.one("SELECT name FROM chat WHERE uid = 'qq:777'") == "晨读营"
        assert made.one("SELECT count(*) FROM dead_event") == 0


def test_live_goes_on_counting(database: Database) -> None:
    """Imported words of the last ten seconds and a live message in them: one of the two scores, like live alone."""
    with bench(database) as made:
        made.hears(says(600000001, "第一句", at=NOW))
        said = [Said(at_ms=to_ms(NOW) + 2000, member="qq:600000001", name="小明", text="第二句", kind="text")]
        assert made.kernel.take_history(GROUP, said, NOW).new == 1
        made.hears(says(600000001, "第三句", n=3, at=NOW + timedelta(seconds=4)))
        (row,) = rollup(made)
        assert row[2:4] == (3, 1)


def test_days_wait_to_be_counted_anew(database: Database) -> None:
    with bench(database) as made:
        bring(made.kernel, "qq.txt")
        with made.connection.begin():
            days = made.connection.execute(text("SELECT day FROM stale_day ORDER BY day")).scalars().all()
        assert set(days) >= {"2026-03-02", "2026-03-03", "2026-03-04"}


def test_own_words_have_an_owner(database: Database) -> None:
    """我 is the person who exported: by name, or who `me` says; the bot's own account is marked as a bot."""
    with bench(database) as made:
        made.hears(says(1, "x"))
        bring(made.kernel, "pywxdump/700@chatroom_0_5.csv", "wechat:700@chatroom", me=BOT)
        assert made.one(f"SELECT is_bot FROM member WHERE uid = '{BOT}'") == 1
        bring(made.kernel, "memotrace2.csv", "wechat:700@chatroom")
        named, _ = member_uid("wechat", "wechat:700@chatroom", "", "我")
        assert (
            made.one(f"SELECT count(*) FROM message m JOIN member p ON p.id = m.member_id WHERE p.uid = '{named}'") == 1
        )


def test_what_retention_cut_is_not_counted_again(database: Database) -> None:
    """The day is in the rollup and its log is deleted: nothing can be compared, so nothing is added."""
    with bench(database) as made:
        bring(made.kernel, "qq.txt")
        counted = rollup(made)
        later = to_ms(NOW) + 10 * 86_400_000
        with made.connection.begin():
            chat = made.connection.execute(text(f"SELECT id FROM chat WHERE uid = '{GROUP}'")).scalar()
            made.connection.execute(text("DELETE FROM message"))
            made.connection.execute(
                text("INSERT INTO audit (actor, action, target, detail, at) VALUES ('retention', 'retention', :c, :d, :a)"),
                {"c": str(chat), "d": f'{{"table": "message", "before": {later}, "deleted": 8}}', "a": later},
            )  # fmt: skip
        account = bring(made.kernel, "qq.txt")
        assert (account.taken.cut, account.taken.new) == (8, 0)
        assert rollup(made) == counted


def in_tens(kernel: Kernel, said: list[Said]) -> Taken:
    total = Taken()
    for start in range(0, len(said), 10):
        total.add(kernel.take_history(GROUP, said[start : start + 10], NOW))
    return total


@pytest.mark.parametrize("hit", [1, 2, 3])
def test_a_failure_in_the_middle(database: Database, hit: int) -> None:
    """A batch that fails leaves nothing of itself; the same import then finishes the rest."""
    said = [
        Said(at_ms=to_ms(EIGHT) + n * 1000, member=f"qq:{n % 7 + 1}", name=f"成员{n % 7}", text=f"第{n}句", kind="text")
        for n in range(30)
    ]
    with bench(database) as made:
        failpoints.arm(f"import.written=raise@{hit}")
        with pytest.raises(failpoints.InjectedFailure):
            in_tens(made.kernel, said)
        failpoints.arm("")
        assert made.one("SELECT count(*) FROM message") == 10 * (hit - 1)
        total = in_tens(made.kernel, said)
        assert (total.new, total.known) == (40 - 10 * hit, 10 * hit - 10)
        assert made.one("SELECT sum(msgs) FROM member_day") == 30
        assert violations(made.connection) == []


def test_a_stopped_bot_still_finds_its_gap(database: Database) -> None:
    """An import while the bot is down is newer than the last live message; the gap begins with that one all the same."""
    with bench(database) as made:
        made.hears(says(1, "最后一句"))
        made.kernel.begin_import(is_live=False)
        later = NOW + timedelta(hours=5)
        made.kernel.take_history(
            GROUP, [Said(at_ms=to_ms(later), member="qq:2", name="乙", text="导入的", kind="text")], later
        )
        made.kernel.account_online(BOT, NOW + timedelta(hours=6))
        with made.connection.begin():
            gap = made.connection.execute(text("SELECT from_at, to_at FROM gap WHERE chat_id IS NULL")).one()
        assert tuple(gap) == (to_ms(NOW), to_ms(NOW + timedelta(hours=6)))


_LINES = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("甲乙"), st.sampled_from(["早", "好的", "[图片]", ""])), max_size=25
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=_LINES, cut=st.integers(0, 25), seed=st.randoms(use_true_random=False))
def test_any_order_and_overlap_counts_like_live(lines: list[tuple[int, str, str]], cut: int, seed: Any) -> None:
    """Two overlapping exports in any order of time give the rollup that the same messages give when heard live."""
    ordered = sorted(lines, key=lambda line: line[0])
    numbering = Numbering()
    said = []
    for second, who, words in ordered:
        at_ms = to_ms(EIGHT) + second * 1000
        n = numbering.number(at_ms, f"qq:{who}", words, "")
        assert n is not None
        said.append(Said(at_ms=at_ms, member=f"qq:{who}", name=who, text=words, kind="text", n=n))
    parts = [said[:cut], said]
    for part in parts:
        seed.shuffle(part)
    with Database("sqlite://") as one, Database("sqlite://") as other:
        upgrade(one, now=NOW)
        upgrade(other, now=NOW)
        with bench(one) as imported, bench(other) as live:
            for part in parts:
                imported.kernel.take_history(GROUP, part, NOW)
            events = [
                replace(says(1, words, n=number, at=EIGHT + timedelta(seconds=second)), member=f"qq:{who}", name=who)
                for number, (second, who, words) in enumerate(ordered)
            ]
            live.kernel.cycle(NOW, [Inbound(event, NOW) for event in events])
            assert rollup(imported) == rollup(live)
