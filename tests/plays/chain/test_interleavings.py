"""Many hands on one list, in any order: what holds after every single message.

Members copy some earlier list (their own, another's, the bot's post), change it in one of the ways in which people do,
and send the whole; others answer in one word, take messages back, or a network delivers twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.jielong import Chain, Directory, Entry, Group, Options, Outcome, Posted, native
from bot.core.jielong.keys import comparison_key
from bot.core.jielong.records import Head

NAMES = ("小美", "阿杰", "张三", "李四", "王姐", "Bob", "书友1", "书友2")
OPERATOR = "老陈"
_START = datetime(2025, 3, 3, 9, 0, tzinfo=timezone(timedelta(hours=8)))
_HEAD = Head(id=1, title="徒步", creator="", opened_at=_START, active_at=_START)

LISTS = (
    "join", "edit", "friend", "friend", "member", "drop_own", "drop_other", "drop_many", "change_other", "rename",
    "cancel_line", "cancel_other", "twice", "shuffle", "verbatim", "unnumbered", "empty_line", "marks",
)  # fmt: skip
REPLIES = ("plus", "leave", "leave_number", "fragment", "fragment_other", "recall", "again")

move = st.tuples(
    st.integers(0, len(NAMES) - 1),
    st.sampled_from(LISTS) | st.sampled_from(REPLIES),
    st.integers(0, 15),
    st.integers(1, 5),
)


@dataclass
class Table:
    """The group, everything that was ever sent, and what the last message did."""

    group: Group = field(
        default_factory=lambda: Group(
            Options(operators=frozenset({OPERATOR})), Directory((name, (name,)) for name in (*NAMES, OPERATOR))
        )
    )
    sent: list[tuple[str, str, list[str]]] = field(default_factory=list)
    minutes: int = 0

    @property
    def chain(self) -> Chain:
        (chain,) = self.group.chains.values()
        return chain

    def says(self, who: str, text: str, lines: list[str] | None = None) -> Outcome:
        self.minutes += 1
        message = f"m{self.minutes}"
        self.sent.append((message, who, lines if lines is not None else self.lines))
        return self.group.receive(Posted(id=message, at=self.now, sender=who, text=text))

    def pastes(self, who: str, lines: list[str]) -> Outcome:
        return self.says(who, native(_HEAD, lines), lines)

    @property
    def now(self) -> datetime:
        return _START + timedelta(minutes=self.minutes)

    @property
    def lines(self) -> list[str]:
        return [entry.text for entry in self.chain.active] if self.group.chains else []

    @property
    def entries(self) -> dict[int, Entry]:
        return {entry.id: entry for entry in self.chain.active}

    def copy(self, age: int) -> list[str]:
        """A list as somebody may still have it before them; half of them copy the bot's newest post."""
        return list(self.lines if age % 2 else self.sent[max(0, len(self.sent) - 1 - age)][2])


def open_table() -> Table:
    table = Table()
    table.pastes(OPERATOR, ["发起人"])
    return table


def play(table: Table, who: str, what: str, age: int, count: int) -> Outcome:
    """One move of one member."""
    lines = table.copy(age)
    own = [place for place, line in enumerate(lines) if line.startswith(who)]
    others = [place for place, line in enumerate(lines) if not line.startswith(who)]
    mine = f"{who} {count}人"
    match what:
        case "plus":
            return table.says(who, "+1")
        case "leave":
            return table.says(who, "取消")
        case "leave_number":
            return table.says(who, f"取消 {count}")
        case "fragment":
            return table.says(who, f"{len(table.lines) + 1}. {mine}")
        case "fragment_other":
            return table.says(who, f"{count}. {NAMES[age % len(NAMES)]} {count}人")
        case "recall":
            found = [message for message, sender, _ in table.sent if sender == who]
            table.minutes += 1
            return table.group.recall(found[-1 - age % len(found)] if found else "none", who, table.now)
        case "again":
            message, sender, text = table.sent[-1 - age % len(table.sent)]
            table.sent.append((message, sender, text))
            return table.pastes(sender, text)
        case "edit" if own:
            lines[own[0]] = mine
        case "rename" if own:
            lines[own[0]] = f"{who}一家 {count}人"
        case "drop_own" if own:
            del lines[own[0]]
        case "drop_other" if others:
            del lines[others[age % len(others)]]
        case "drop_many":
            lines = [*lines[: max(0, len(lines) - count)], mine]
        case "change_other" if others:
            lines[others[age % len(others)]] = f"{lines[others[age % len(others)]].split()[0]} 99人"
        case "cancel_line":
            lines.append(f"{who} 取消")
        case "cancel_other" if others:
            lines.append(f"{lines[others[age % len(others)]].split()[0]} 不来了")
        case "twice":
            lines += [mine, mine]
        case "shuffle":
            lines = lines[::-1]
        case "friend":
            lines.append(f"{who}的朋友{count}")
        case "member":
            lines.append(f"{NAMES[(age + 1) % len(NAMES)]} {count}人")
        case "unnumbered" if lines:
            lines[-1] = f"{lines[-1]}\n{mine}"
        case "empty_line":
            lines.append("")
        case "marks":
            lines = [line.replace(" ", "  ").replace("人", "人。") for line in lines]
        case "verbatim":
            pass
        case _:
            lines.append(mine)
    return table.pastes(who, lines)


@given(st.lists(move, min_size=1, max_size=30))
@settings(max_examples=150)
def test_what_somebody_else_does_leaves_an_entry_as_it_was(moves: list[tuple[int, str, int, int]]) -> None:
    """After every message: entries that the actor neither wrote nor owns stand unchanged, in the same order, and no two
    are the same line."""
    table = open_table()
    for who, what, age, count in moves:
        before, order = table.entries, [entry.id for entry in table.chain.active]
        actor = NAMES[who] if what != "again" else None
        if what == "again":
            actor = table.sent[-1 - age % len(table.sent)][1]
        play(table, NAMES[who], what, age, count)
        after = table.entries
        for entry_id, entry in before.items():
            if actor not in (entry.author, entry.owner) and actor != OPERATOR:
                assert after.get(entry_id) == entry, (what, entry)
        still = [entry_id for entry_id in order if entry_id in after]
        assert [entry.id for entry in table.chain.active if entry.id in before] == still
        keys = [comparison_key(entry.text) for entry in table.chain.active]
        assert len(keys) == len(set(keys))


@given(st.lists(move, min_size=1, max_size=20), st.integers(0, len(NAMES) - 1), st.integers(0, 15))
@settings(max_examples=150)
def test_who_adds_a_line_is_on_the_list(moves: list[tuple[int, str, int, int]], who: int, age: int) -> None:
    """However stale the copy: the line that was added stands, and nobody who stood there before is gone."""
    table = open_table()
    for each in moves:
        play(table, NAMES[each[0]], *each[1:])
    others = {entry.id for entry in table.chain.active if NAMES[who] not in (entry.author, entry.owner)}
    table.pastes(NAMES[who], [*table.copy(age), "一个新来的人 7人"])
    assert "一个新来的人 7人" in table.lines
    assert others <= set(table.entries)


@given(st.lists(move, min_size=1, max_size=25), st.integers(0, len(NAMES) - 1))
@settings(max_examples=150)
def test_a_repost_by_somebody_else_changes_nothing(moves: list[tuple[int, str, int, int]], who: int) -> None:
    """Whatever was just sent, sent once more by another member as it was: no entry changes; sent by the same: neither."""
    table = open_table()
    for each in moves:
        play(table, NAMES[each[0]], *each[1:])
    _, sender, lines = table.sent[-1]
    table.pastes(sender, lines)
    before = table.entries
    for again in (NAMES[who], sender):
        table.pastes(again, lines)
        assert table.entries == before


@given(st.lists(move, min_size=1, max_size=20))
@settings(max_examples=100)
def test_every_line_can_be_taken_off_by_its_owner_and_by_an_operator(moves: list[tuple[int, str, int, int]]) -> None:
    """No line gets stuck: the owner names it, or an operator its number; undoing a step is possible as well."""
    table = open_table()
    for each in moves:
        play(table, NAMES[each[0]], *each[1:])
    while table.chain.is_open and len(table.chain.active) > 1:
        number = len(table.chain.active)
        entry = table.chain.active[-1]
        table.says(entry.owner if number % 2 else OPERATOR, f"{'取消' if number % 2 else '删除'} {number}")
        assert entry.id not in table.entries
        step = table.chain.steps[-1].n
        assert table.group.undo(table.chain, step, OPERATOR, table.now)
        assert table.entries[entry.id].text == entry.text
        table.says(OPERATOR, f"删除 {number}")


@given(
    st.permutations(range(len(NAMES))),
    st.lists(st.sampled_from(["verbatim", "again", "marks", "shuffle", "drop_other"]), max_size=8),
)
@settings(max_examples=60)
def test_all_who_copied_the_first_list_are_on_the_last(order: list[int], noise: list[str]) -> None:
    """Everybody adds to the very first list at once, among reposts, reformatted and shortened copies of a
    passer-by: all of them stand."""
    table = open_table()
    for place, who in enumerate(order):
        table.pastes(NAMES[who], ["发起人", f"{NAMES[who]} 1人"])
        if place < len(noise):
            play(table, "过客", noise[place], place, 1)
    assert {f"{name} 1人" for name in NAMES} <= {line.rstrip("。") for line in table.lines}
