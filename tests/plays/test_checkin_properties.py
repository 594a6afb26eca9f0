"""打卡 under any sequence of events, against a model of a few lines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stage import Stage

BONUSES = {2: 3, 3: 10, 5: 20}
PARAMS: dict[str, Any] = {
    "points": 5,
    "streak": BONUSES,
    "makeup": {"per_month": 4, "within": "72h", "cost": 0},
    "leave": {"per_month": 4},
}
ACTIONS = (
    "check_in",
    "again",
    "recall",
    "leave",
    "makeup",
    "behalf",
    "revoke",
    "behalf_y",
    "revoke_y",
    "remind",
    "summary",
    "rank",
    "pass",
)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Pacific/Apia")


def streak_by_hand(marks: dict[date, str]) -> int:
    """The length of the run that ends at the last counted day."""
    counted = sorted(day for day, mark in marks.items() if mark in "ob")
    if not counted:
        return 0
    length, day = 0, counted[-1]
    while day in marks:
        length += marks[day] in "ob"
        day -= timedelta(days=1)
    return length


def run_of(marks: dict[date, str]) -> tuple[int, date | None]:
    """Length and first counted day of the run that ends at the last counted day."""
    length = streak_by_hand(marks)
    counted = sorted(day for day, mark in marks.items() if mark in "ob")
    return length, counted[-length] if length else None


class Purse:
    """What a member is owed for streaks: each length once per run, given back with the day that reached it."""

    def __init__(self) -> None:
        self.points = 0
        self.paid_on: dict[int, date] = {}

    def grows(self, before: dict[date, str], after: dict[date, str], today: date) -> int:
        had, _ = run_of(before)
        length, start = run_of(after)
        assert start is not None
        if not any(day >= start for day, mark in before.items() if mark in "ob"):
            had = 0
        bonus = 0
        for n, points in BONUSES.items():
            if had < n <= length and not (n in self.paid_on and self.paid_on[n] >= start):
                self.paid_on[n] = today
                bonus += points
        self.points += bonus
        return bonus

    def shrinks(self, day: date, gain: int) -> None:
        self.points -= gain
        self.paid_on = {n: on for n, on in self.paid_on.items() if on != day}


def calendar(slot: Any) -> dict[date, str]:
    return {
        date.fromisoformat(f"{month}-01") + timedelta(days=n): mark
        for month, marks in slot.months.items()
        for n, mark in enumerate(marks)
        if mark != "-"
    }


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    script=st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.sampled_from(("小明", "小红")), st.integers(1, 40)), max_size=45
    ),
)
def test_one_credit_per_day_and_a_ledger_that_adds_up(zone: str, script: list[tuple[str, str, int]]) -> None:
    """Whatever happens: the marks are those of the model, the streak is theirs, and the points are what they earned."""
    chat = Stage("checkin", PARAMS, now="2026-03-06 20:00", zone=zone).members("小明", "小红", op="老陈")
    marks: dict[str, dict[date, str]] = {"小明": {}, "小红": {}}
    sent: dict[tuple[str, date], str] = {}
    purses = {"小明": Purse(), "小红": Purse()}
    gains: dict[tuple[str, date], int] = {}

    def grant(name: str, today: date) -> None:
        before = dict(marks[name])
        marks[name][today] = "o"
        gains[name, today] = 5 + purses[name].grows(before, marks[name], today)
        purses[name].points += 5

    def take_back(name: str, today: date) -> None:
        marks[name].pop(today)
        purses[name].shrinks(today, gains.pop((name, today)))

    chat.start()
    since = chat.now.astimezone(chat.zone).date()
    for action, name, hours in script:
        today, own = chat.now.astimezone(chat.zone).date(), marks[name]
        match action:
            case "check_in" | "again":
                message = chat.says(name, "打卡")
                if own.get(today, "j") == "j":
                    grant(name, today)
                    sent[(name, today)] = message
            case "recall":
                if (name, today) in sent:
                    chat.recalls(name, sent.pop((name, today)))
                    take_back(name, today)
            case "leave":
                chat.says(name, "请假")
                used = sum(mark == "j" and day.month == today.month for day, mark in own.items())
                if today not in own and used < 4:
                    own[today] = "j"
            case "makeup":
                chat.says(name, "补卡 昨天")
                day = today - timedelta(days=1)
                used = sum(mark == "b" and at.month == day.month for at, mark in own.items())
                if day not in own and day >= since and used < 4:
                    before = dict(own)
                    own[day] = "b"
                    purses[name].grows(before, own, day)
            case "behalf":
                chat.says("老陈", f"代打卡 {name}")
                if own.get(today, "j") == "j":
                    grant(name, today)
                    sent.pop((name, today), None)
            case "revoke":
                chat.says("老陈", f"撤销打卡 {name}")
                if own.get(today) == "o":
                    take_back(name, today)
                    sent.pop((name, today), None)
            case "behalf_y":
                chat.says("老陈", f"代打卡 {name} 昨天")
                day = today - timedelta(days=1)
                if own.get(day, "j") == "j":
                    grant(name, day)
            case "revoke_y":
                chat.says("老陈", f"撤销打卡 {name} 昨天")
                day = today - timedelta(days=1)
                if own.get(day) == "o":
                    take_back(name, day)
            case "rank":
                chat.says(name, "打卡排行 总")
            case "pass":
                chat.passes(timedelta(hours=hours))
            case _:
                chat.fires("checkin", action)
    for name, own in marks.items():
        slot = chat.slot(name)
        if slot is None:
            assert not own
            continue
        assert calendar(slot) == own
        assert slot.streak == streak_by_hand(own)
        assert slot.total == sum(mark in "ob" for mark in own.values())
        entries = [award for award in chat.ledger.values() if award.member == f"sim:{name}"]
        for day in own:
            base = [a.points for a in entries if a.key.startswith(f"checkin:{day}") and not a.key.endswith("undo")]
            undone = [a for a in entries if a.key.startswith(f"checkin:{day}") and a.key.endswith("undo")]
            assert len(base) - len(undone) == (own[day] == "o")
        assert chat.points(name) - slot.owed == purses[name].points
        net = {note.key for note in chat.notes.values() if note.what == "checkin" and note.member == f"sim:{name}"}
        gone = {
            note.key for note in chat.notes.values() if note.what == "checkin_undone" and note.member == f"sim:{name}"
        }
        assert len(net - gone) == sum(mark == "o" for mark in own.values())
