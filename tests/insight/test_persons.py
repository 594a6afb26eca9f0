"""Ids that are one person count as one in every metric, tier, ranking, report and export; parting them brings back what was."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.core.metrics import METRICS
from bot.core.scoring import Since
from bot.core.tiers import place
from bot.insight.catalogue import measure
from bot.insight.cohorts import retention
from bot.insight.figures import Figures
from bot.insight.funnel import newcomers, of_playbook
from storage import boards, extracts, figures, machines, people, persons, reporting, standings
from storage import tables as t
from storage.database import Database
from tests.insight.scene import DAY_MS, MONDAY, MONDAY_MS, TODAY, Scene, forty_days, name_of

SWITCH_MS = MONDAY_MS + 25 * DAY_MS + 7 * 3_600_000


class Doubled(Scene):
    """The same forty days, but half of the people have a second id: for some the network exchanged it on day 25 (who they were
    left and somebody else joined in the same moment), others are there with both and use either."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.dice = random.Random(5)
        self.second: dict[int, tuple[int, bool]] = {}
        self.uids: dict[str, str] = {}

    def member(self, name: str, **values: Any) -> int:
        who = super().member(name, **values)
        if name.startswith("成员") and int(name[2:4]) < 20 and self.dice.random() < 0.6:
            self._give_second(who, name, is_exchanged=self.dice.random() < 0.6)
        return who

    def _give_second(self, who: int, name: str, *, is_exchanged: bool) -> None:
        other = super().member(f"{name}新")
        self.second[who] = (other, is_exchanged)
        self.uids[f"qq:{name}"] = f"qq:{name}新"
        if is_exchanged:
            super().moved("MemberLeft", who, SWITCH_MS)
            super().moved("MemberJoined", other, SWITCH_MS)

    def moved(self, kind: str, who: int, at: int, **data: Any) -> None:
        other, is_exchanged = self.second.get(who, (0, False))
        if kind == "MemberLeft" and other:
            super().moved(kind, other, at, **data)
            if is_exchanged:
                return
        super().moved(kind, who, at, **data)
        if kind == "MemberJoined" and at < SWITCH_MS - 5 * DAY_MS and self.dice.random() < 0.5:
            self._give_second(who, f"成员{self.people.index(who):02}", is_exchanged=True)

    def _id(self, who: int, at: int) -> int:
        other, is_exchanged = self.second.get(who, (0, False))
        is_other = at >= SWITCH_MS if is_exchanged else self.dice.random() < 0.5
        return other if other and is_other else who

    def tell(self, who: int, words: str, at: int, **more: Any) -> None:
        if (mentions := more.get("mentions")) and self.dice.random() < 0.5:
            more["mentions"] = next((f'["{new}"]' for old, new in self.uids.items() if old in mentions), mentions)
        own = self._id(who, at)
        self.says(own, words, at, **more)
        super().bump(own, at, msgs=1, chars=len(words), replies=int(bool(more.get("reply_to"))), last_at=at)

    def bump(self, who: int, at: int, last_at: int | None = None, **counts: int) -> None:
        super().bump(self._id(who, at), at, last_at, **counts)

    def noted(self, what: str, who: int | None, at: int, data: Mapping[str, Any], run: int | None = None) -> None:
        super().noted(what, self._id(who, at) if who else None, at, data, run)

    def merge(self) -> None:
        """As the operator's word does."""
        for who, (other, _) in self.second.items():
            persons.mark_days(self.connection, [who], other)
            persons.link(self.connection, other, who, "同群同名", "console", MONDAY_MS)
        self.count()

    def part(self) -> None:
        for who, (other, _) in self.second.items():
            (link,) = [row.id for row in persons.links(self.connection) if row.member_id == other]
            persons.unlink(self.connection, link, "console", MONDAY_MS)
            persons.mark_days(self.connection, [who], other)
        self.count()


def shown(connection: Connection, scene: Scene) -> dict[str, Any]:
    """Whatever is read of the group, without ids of rows and without the second ids' own names."""
    facts, observed = people.month(connection, scene.chat, name_of(39))
    placed = place(facts, observed)
    for scheme in ("pyramid", "rfm", "ladder"):
        values = {each.facts.id: getattr(each, scheme) for each in placed}
        standings.write(connection, scene.chat, scheme, name_of(39), values)
    (group,) = figures.groups(connection, TODAY, days=40)
    since = Since(MONDAY, datetime.fromtimestamp(MONDAY_MS / 1000, UTC))
    every = (column for column in t.day_stat.c if column.name not in ("chat_id", "is_settled"))
    return {
        "metrics": {v.metric.id: (v.value, v.low, v.high, v.n) for v in measure(connection, scene.scope)},
        "everywhere": {
            v.metric.id: v.value
            for v in measure(connection, replace(scene.scope, chat=None), [m for m in METRICS if m != "activity.decay"])
        },
        "tiers": sorted(
            (each.facts.uid, each.pyramid, each.rfm, each.ladder, each.facts.days, each.facts.msgs, each.facts.answers)
            for each in placed
        ),
        "holders": sorted((r.uid, r.value) for r in standings.holders(connection, scene.chat, "ladder")),
        "moves": standings.transitions(connection, scene.chat, "ladder", name_of(39), name_of(39)),
        "cohorts": [retention(connection, scene.scope, by) for by in ("cohort", "channel", "kind")],
        "newcomers": [step.people for step in newcomers(Figures(connection, scene.scope))],
        "funnel": [step.people for step in of_playbook(connection, scene.scope, "共读")],
        "report": [
            (r.uid, r.msgs, r.days, r.replies, r.checkins, r.helped)
            for r in reporting.people(connection, scene.chat, name_of(0), name_of(39), 100)
        ],
        "board": [(s.member, s.total) for s in boards.board(connection, scene.chat, "activity", since)],
        "stats": (group.members, group.messages, group.active_7d, group.active_30d, group.daily),
        "days": [tuple(row) for row in connection.execute(select(*every).order_by(t.day_stat.c.day))],
    }


def test_two_ids_are_one_person_until_they_are_parted(database: Database) -> None:
    """Merged, everything reads as if each had had one id all the time; parted, as if nobody had ever been merged."""
    with database.engine.connect() as connection:
        forty = connection.begin()
        single = shown(connection, forty_days(connection))
        forty.rollback()
        with connection.begin():
            scene = forty_days(connection, made_of=Doubled)
            assert isinstance(scene, Doubled)
            assert len(scene.second) > 10
            before = shown(connection, scene)
            assert before["metrics"]["activity.dau"] != single["metrics"]["activity.dau"]
            scene.merge()
            merged = shown(connection, scene)
            for name, expected in single.items():
                assert merged[name] == expected, name
            scene.part()
            parted = shown(connection, scene)
            for name, expected in before.items():
                assert parted[name] == expected, name


class WithBot(Scene):
    """The same forty days; one of the talkers was known for a bot from the beginning."""

    def member(self, name: str, **values: Any) -> int:
        return super().member(name, **({"is_bot": 1} if name == "成员03" else {}) | values)


def test_who_is_marked_as_a_bot_was_never_counted(database: Database) -> None:
    """Marked, everything reads as if the network had said so at once; taken back, as if nobody had."""
    with database.engine.connect() as connection:
        forty = connection.begin()
        never = shown(connection, forty_days(connection, made_of=WithBot))
        forty.rollback()
        with connection.begin():
            scene = forty_days(connection)
            before = shown(connection, scene)
            robot = scene.people[3]
            assert before["metrics"]["activity.dau"] != never["metrics"]["activity.dau"]
            for is_bot, expected in ((True, never), (False, before)):
                assert machines.mark(connection, [robot], is_bot=is_bot) == [robot]
                assert machines.mark(connection, [robot], is_bot=is_bot) == []
                scene.count()
                now = shown(connection, scene)
                for name, what in expected.items():
                    assert now[name] == what, name


def test_exports_say_whose_an_id_is(database: Database) -> None:
    """Rows keep the id that the network gave; the column `person` is what a spreadsheet adds up."""
    with database.begin() as connection:
        scene = Scene(connection)
        old, new, other = (scene.member(name) for name in ("旧", "新", "别人"))
        for who in (old, new, other):
            scene.tell(who, "早", MONDAY_MS)
    assert said(database) == [("qq:旧", "qq:旧"), ("qq:新", "qq:新"), ("qq:别人", "qq:别人")]
    with database.begin() as connection:
        link = persons.link(connection, new, old, "同群同名", "console", MONDAY_MS)
    assert said(database) == [("qq:旧", "qq:旧"), ("qq:新", "qq:旧"), ("qq:别人", "qq:别人")]
    with database.begin() as connection:
        persons.unlink(connection, link, "console", MONDAY_MS)
    assert said(database)[1] == ("qq:新", "qq:新")


def said(database: Database) -> list[tuple[str, str]]:
    """(member, person) of the exported days."""
    places = [extracts.columns("days").index(name) for name in ("member", "person")]
    with database.begin() as connection:
        rows = list(extracts.rows(connection, "days", extracts.Span()))
    return [(row[places[0]], row[places[1]]) for row in rows]
