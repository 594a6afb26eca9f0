"""The promise under random interleavings: many members edit stale copies, and no entry is lost."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.jielong import native, parse_list, replay
from bot.core.jielong.records import Head

_NAMES = ["小美", "阿杰", "张三", "李四", "王姐", "Bob", "老赵", "阿花"]
_START = datetime(2025, 3, 3, 9, 0, tzinfo=timezone(timedelta(hours=8)))

_moves = st.lists(
    st.tuples(
        st.integers(0, len(_NAMES) - 1),
        st.sampled_from(["join", "edit", "friend", "drop_other", "change_other", "leave", "shuffle"]),
        st.integers(0, 12),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=25,
)


def _played(moves: list[tuple[int, str, int, int]]) -> dict[str, Any]:
    """A case. Every member copies some earlier list (`age` messages back), changes it, and sends the whole."""
    sent: list[list[str]] = [[]]
    messages: list[dict[str, Any]] = []
    for number, (who, move, age, count) in enumerate(moves):
        name = _NAMES[who]
        lines = list(sent[max(0, len(sent) - 1 - age)])
        mine = f"{name} {count}人"
        foreign = [place for place, line in enumerate(lines) if not line.startswith(name)]
        text = ""
        if move == "leave":
            text = "取消"
        elif move == "friend":
            lines.append(f"{name}的朋友{number}")
        elif move == "drop_other" and foreign:
            del lines[foreign[0]]
        elif move == "change_other" and foreign:
            lines[foreign[0]] = lines[foreign[0]].split()[0] + " 99人"
        elif move == "shuffle":
            lines.reverse()
        else:
            lines = [line for line in lines if not line.startswith(f"{name} ")] + [mine]
        if not text:
            sent.append(lines)
            text = native(Head(id=1, title="徒步", creator="", opened_at=_START, active_at=_START), lines)
        messages.append(
            {
                "id": str(number),
                "t": (_START + timedelta(minutes=number)).isoformat(),
                "from": name,
                "type": "text",
                "text": text,
            }
        )
    return {"members": {name: {"name": name} for name in _NAMES}, "messages": messages}


@given(_moves)
@settings(max_examples=60)
def test_nobody_elses_hands_remove_an_entry(moves: list[tuple[int, str, int, int]]) -> None:
    """After every message, an entry of a member who did not act is exactly what it was before."""
    case = _played(moves)
    before: dict[tuple[str, str], list[str]] = {}
    for end in range(1, len(case["messages"]) + 1):
        actor = case["messages"][end - 1]["from"]
        result = replay({**case, "messages": case["messages"][:end]})
        now: dict[tuple[str, str], list[str]] = {}
        for chain in result["chains"]:
            for entry in chain["entries"]:
                who = (entry["author"], entry.get("owner", entry["author"]))
                now.setdefault(who, []).append(entry["text"])
        for who, lines in before.items():
            if actor not in who:
                assert now.get(who, [])[: len(lines)] == lines
        before = now


@given(_moves)
@settings(max_examples=40)
def test_the_same_chat_gives_the_same_list(moves: list[tuple[int, str, int, int]]) -> None:
    """Replayed, the result is the same to the letter."""
    case = _played(moves)
    assert replay(case) == replay(case)


@given(_moves)
@settings(max_examples=40)
def test_a_post_reads_back_as_the_list(moves: list[tuple[int, str, int, int]]) -> None:
    """The text that the bot posts is numbered 1…n without gaps and parses to the same entries."""
    case = _played(moves)
    for chain in replay(case)["chains"]:
        texts = [entry["text"] for entry in chain["entries"]]
        head = Head(id=1, title=chain["title"], creator="", opened_at=_START, active_at=_START)
        posted = native(head, texts)
        read = parse_list(posted)
        assert read is not None
        assert [entry.text for entry in read.entries] == texts
        numbers = [line.split(".")[0] for line in posted.split("\n\n", 1)[1].split("\n") if line] if texts else []
        assert numbers == [str(number) for number in range(1, len(texts) + 1)]


@given(st.permutations(range(8)))
@settings(max_examples=40)
def test_everybody_who_adds_to_the_first_list_is_on_the_last(order: list[int]) -> None:
    """Eight members copy the same first list at once: all eight lines stand, in the order of arrival."""
    messages = [{"id": "0", "from": "起", "text": "#接龙\n徒步\n\n1. 发起人"}]
    messages += [{"id": f"m{n}", "from": _NAMES[n], "text": f"#接龙\n徒步\n\n1. 发起人\n2. {_NAMES[n]}"} for n in order]
    for number, message in enumerate(messages):
        message["t"] = (_START + timedelta(minutes=number)).isoformat()
    result = replay({"members": {name: {"name": name} for name in _NAMES}, "messages": messages})
    (chain,) = result["chains"]
    assert [entry["text"] for entry in chain["entries"]] == ["发起人", *(_NAMES[n] for n in order)]


@given(st.text(max_size=200), st.text(alphabet="1234567890.、)（）①接龙#\n 张三份+取消-", max_size=120))
@settings(max_examples=60)
def test_no_text_breaks_it(first: str, second: str) -> None:
    """Anything at all can be typed into a group."""
    messages = [
        {"id": str(number), "t": (_START + timedelta(minutes=number)).isoformat(), "from": "小美", "text": text}
        for number, text in enumerate(["#接龙\n徒步\n\n1. 小美", first, second, f"#接龙\n{first}\n\n1. {second}"])
    ]
    replay({"members": {"小美": {"name": "小美"}}, "messages": messages})
