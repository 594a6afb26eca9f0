"""One morning of one group as every tool exports it: the same messages come out, and everything unreadable is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transports.exports import CODES, FORMATS, Entry, Source, Title, Unread, detect, read
from bot.transports.exports.entry import moment, words
from bot.transports.exports.qq_text import sections
from bot.transports.exports.source import encoding_of

SAMPLES = Path(__file__).parents[2] / "fixtures" / "exports"
SHANGHAI = ZoneInfo("Asia/Shanghai")
EIGHT = datetime(2026, 3, 2, 0, 0, 15, tzinfo=UTC)

EXPECTED = {
    "qq.txt": ("qq-text", ["600000001", "600000001", "600000002", "laochen@example.com", "600000004", "600000005", "600000002"], {34: "time"}),
    "qq-gb18030.txt": ("qq-text", ["600000001", "600000001", "600000002", "laochen@example.com", "600000004", "600000005", "600000002"], {34: "time"}),
    "qce.json": ("qce-json", ["600000001", "600000002", "u_ccc"], {6: "time"}),
    "qce-parts.json": ("qce-json-parts", ["600000001", "600000002", "u_ccc"], {6: "time"}),
    "qce-v4.json": ("qce-json", ["600000001"], {}),
    "qce.jsonl": ("qce-jsonl", ["600000001", "600000002", "u_ccc"], {3: "shape", 7: "time"}),
    "qce-page.html": ("qce-html", ["600000001", "u_bbb"], {36: "time"}),
    "qce.txt": ("qce-text", ["小明", "小红", "老陈"], {}),
    "memotrace.csv": ("memotrace-csv", ["wxid_ming", "wxid_hong", "(own)"], {7: "time", 8: "columns"}),
    "memotrace2.csv": ("memotrace-names-csv", ["小明", "小红", "(own)"], {}),
    "memotrace.html": ("memotrace-html", ["小明", "小红", "(own)"], {6: "sender"}),
    "pywxdump/700@chatroom_0_5.csv": ("pywxdump-csv", ["wxid_ming", "wxid_hong", "(own)"], {8: "room"}),
    "pywxdump/700@chatroom_0_5.json": ("pywxdump-json", ["wxid_ming", "wxid_hong", "(own)"], {}),
    "weflow.json": ("weflow-json", ["wxid_ming", "wxid_hong", "wxid_me"], {}),
    "chatlab.json": ("chatlab-json", ["600000001", "600000002", "600000003"], {}),
    "wechatexporter.html": ("wechatexporter-html", ["wxid_ming", "wxid_hong", "wxid_me"], {22: "time"}),
}  # fmt: skip


def taken(path: Path) -> tuple[str, list[Entry], dict[int, str]]:
    source = Source(path)
    form = detect(source)
    assert form is not None
    items = list(read(source, form, SHANGHAI, "700@chatroom"))
    entries = [item for item in items if isinstance(item, Entry)]
    return form.id, entries, {item.place: item.code for item in items if isinstance(item, Unread)}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_tool(name: str) -> None:
    """The format is told from the content; who spoke, when and what, and what could not be read, with its place."""
    form, entries, unread = taken(SAMPLES / name)
    said = [entry for entry in entries if not entry.is_notice]
    who = ["(own)" if entry.is_own else entry.member or entry.name for entry in said]
    assert (form, who, unread) == EXPECTED[name]
    assert said[0].at == EIGHT
    assert "今天读第一章" in said[0].text.replace("\n", "")
    picture = next(entry for entry in said if "红" in entry.name) if len(said) > 1 else said[0]
    assert (picture.text, picture.kind) == ("", "image") or len(said) == 1
    assert set(unread.values()) <= CODES.keys()


def test_every_format_has_a_sample() -> None:
    """Nothing is claimed that is not shown; `chatlab-jsonl` is written on the spot below."""
    assert {form for form, _, _ in EXPECTED.values()} | {"chatlab-jsonl"} == {form.id for form in FORMATS}


def test_chatlab_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"_type":"header","chatlab":{"version":"0.0.2"},"meta":{"name":"晨读营"}}\n'
        '{"_type":"member","platformId":"1","accountName":"小明"}\n'
        '{"_type":"message","sender":"1","accountName":"小明","timestamp":1772409615,"type":0,"content":"早"}\n',
        "utf-8",
    )
    form, entries, unread = taken(file)
    assert (form, [(e.member, e.text) for e in entries], unread) == ("chatlab-jsonl", [("1", "早")], {})


def test_replies_and_quotes() -> None:
    """A reply names the message; quoted words are not the member's own."""
    _, entries, _ = taken(SAMPLES / "qce.json")
    assert (entries[2].text, entries[2].reply_to) == ("@小明 读完了", "7600000000000000001")
    for name in ("pywxdump/700@chatroom_0_5.csv", "wechatexporter.html", "memotrace.html"):
        assert taken(SAMPLES / name)[1][2].text == "读完了"


def test_a_pasted_chat_is_one_message() -> None:
    """A line that looks like a head begins a message only behind an empty line."""
    _, entries, _ = taken(SAMPLES / "qq.txt")
    pasted = next(entry for entry in entries if entry.name == "老陈")
    assert pasted.text.endswith("小明(600000001)\n这句是贴过来的")


def test_all_groups_in_one_file(tmp_path: Path) -> None:
    """导出全部消息记录: each section has its title, and the messages stay apart."""
    file = tmp_path / "all.txt"
    frame = "================================================================\n"
    file.write_text(
        f"消息记录（此消息记录为文本格式，不支持重新导入）\n\n{frame}消息分组:群\n{frame}消息对象:甲\n{frame}\n"
        f"2026-03-02 8:00:15 小明(600000001)\n早\n\n\n{frame}消息分组:群\n{frame}消息对象:乙\n{frame}\n"
        "2026-03-02 9:00:15 小红(600000002)\n晚\n\n",
        "utf-8",
    )
    source = Source(file)
    form = detect(source)
    assert form is not None
    assert sections(source) == ["甲", "乙"]
    items = [item.name if isinstance(item, Title) else item.text for item in read(source, form, SHANGHAI) if not isinstance(item, Unread)]  # fmt: skip
    assert items == ["甲", "早", "乙", "晚"]


def test_a_cut_file(tmp_path: Path) -> None:
    """An export that broke off: what is whole is read, and the break is named with its place."""
    whole = (SAMPLES / "qce.json").read_bytes()
    file = tmp_path / "cut.json"
    file.write_bytes(whole[: whole.index(b"7600000000000000003") + 40])
    _, entries, unread = taken(file)
    assert [entry.message_id[-1] for entry in entries] == ["1", "2"]
    assert unread == {3: "json"}


def test_torn_bytes_cost_no_message(tmp_path: Path) -> None:
    """Bytes that are no text become �, are reported, and the message stays."""
    raw = (SAMPLES / "qq.txt").read_bytes().replace("谢谢大家".encode(), b"\xff\xfe\xe8" + "大家".encode())
    file = tmp_path / "torn.txt"
    file.write_bytes(raw)
    _, entries, unread = taken(file)
    assert entries[-1].text.endswith("大家")
    assert unread == {34: "time", 38: "bytes"}


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [("早".encode(), "utf-8"), (b"\xef\xbb\xbfa", "utf-8-sig"), ("早上好".encode("gb18030"), "gb18030"), ("早".encode("utf-16"), "utf-16"), ("早".encode()[:2], "utf-8")],
)  # fmt: skip
def test_encodings(raw: bytes, encoding: str) -> None:
    assert encoding_of(raw) == encoding


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        (1772409615, "2026-03-02 00:00:15"), (1772409615123, "2026-03-02 00:00:15"), ("1772409615", "2026-03-02 00:00:15"),
        ("2026-03-02 8:00:15", "2026-03-02 00:00:15"), ("2026/03/02 08:00:15", "2026-03-02 00:00:15"),
        ("2026-03-02T00:00:15.000Z", "2026-03-02 00:00:15"), ("2026-03-02T08:00:15+08:00", "2026-03-02 00:00:15"),
        ("2026-03-02 上午 12:00:15", "2026-03-01 16:00:15"), ("2026-03-02 下午 3:00:15", "2026-03-02 07:00:15"),
    ],
)  # fmt: skip
def test_times(written: object, utc: str) -> None:
    at = moment(written, SHANGHAI)
    assert at is not None
    assert f"{at:%Y-%m-%d %H:%M:%S}" == utc


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.none()))
def test_no_time_is_no_error(value: object) -> None:
    """Whatever stands there: a time within a century, or nothing."""
    at = moment(value, SHANGHAI)
    assert at is None or at.tzinfo is UTC


@given(st.lists(st.sampled_from(["[图片]", "[表情]", "早", " ", "[引号]", "[语音: 3秒]"])))
def test_words_without_placeholders(parts: list[str]) -> None:
    """Placeholders go, words stay, and a kind is given only where no word is left."""
    text, kind = words("".join(parts))
    assert "[图片]" not in text
    assert (kind == "text") == (bool(text) or not parts or not "".join(parts).strip())


@given(st.binary(max_size=400))
def test_any_file_is_read_to_its_end(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    """Garbage behind a good beginning raises nothing, in any format of lines."""
    for name in ("qq.txt", "qce.jsonl", "memotrace.csv", "qce-page.html", "qce.txt", "qce.json", "memotrace.html"):
        file = tmp_path_factory.mktemp("x") / Path(name).name
        file.write_bytes((SAMPLES / name).read_bytes() + tail)
        source = Source(file)
        form = detect(source)
        if form is not None:
            assert sum(isinstance(item, Entry) for item in read(source, form, SHANGHAI)) >= 2


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """Twenty megabytes on one line come in pieces, not whole."""
    file = tmp_path / "long.txt"
    file.write_text("消息记录（x\n消息对象:甲\n\n2026-03-02 8:00:15 小明(600000001)\n" + "长" * 7_000_000, "utf-8")
    assert max(len(line) for _, line in Source(file).lines()) <= 4 * 1024 * 1024
