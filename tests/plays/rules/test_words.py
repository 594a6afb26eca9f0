"""Words that somebody tried to hide are found; words that merely look like it are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.text.moderation import Lexicon, kept, parse_lexicon, phrases
from bot.core.text.moderation.folding import fast_kept, fold, fold_character, single, sounded
from bot.core.text.moderation.patterns import fits
from bot.core.text.moderation.view import compact, without_runs

HERE = Path(__file__).parent
ADS = (HERE.parent.parent.parent / "playbooks/lexicon/ads.txt").read_text(encoding="utf-8")


def _cases() -> list[tuple[str, set[str]]]:
    lines = (HERE / "words.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if "\t" in line and not line.startswith("# ")]
    return [(text, set() if want == "-" else set(want.split(","))) for text, want in rows]


def lexicon(*rows: str) -> Lexicon:
    made, mistakes = parse_lexicon("\n".join(rows))
    assert not mistakes
    return made


def bases(found: Lexicon, text: str, *allow: str) -> set[str]:
    return {hit.base for hit in found.hits(text, allow)}


@pytest.mark.parametrize(("text", "want"), _cases())
def test_the_sample_lexicon_finds_what_people_hide(text: str, want: set[str]) -> None:
    """Each line of words.tsv: what the sample lexicon finds in it."""
    assert bases(lexicon(ADS), text) == want


def test_harmless_comments_are_left_alone() -> None:
    """Two hundred ordinary comments from a public collection give no hit at all."""
    lines = [
        line
        for line in (HERE / "benign.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("# ")
    ]
    assert len(lines) == 200
    assert [line for line in lines if bases(lexicon(ADS), line)] == []


@pytest.mark.parametrize(
    ("char", "want"),
    [
        ("➕", "加"),
        ("🐧", "企鹅"),
        ("ν", "v"),
        ("Х", "x"),
        ("＋", "加"),
        ("𝕍", "v"),
        ("Ⅴ", "v"),
        ("①", "1"),
        ("Ａ", "a"),
        ("維", "微"),
        ("薇", "微"),
        ("錢", "钱"),
        ("￥", "钱"),
        ("\u200b", ""),
        ("\u00ad", ""),
        ("\ufe0f", ""),
        ("\u0336", ""),
        ("ß", "ss"),
        ("İ", "i"),
        ("ﬁ", "fi"),
    ],
)
def test_a_character_folds_to_what_it_stands_for(char: str, want: str) -> None:
    """Signs, look-alikes, widths and scripts meet in one character."""
    assert fold_character(char) == want


def test_evasion_is_what_an_honest_writer_would_not_do() -> None:
    """Capitals, full width and traditional script are no evasion; look-alikes, gaps, homophones and repeats are."""
    made = lexicon(ADS)
    honest = ["加微信", "加VX", "加ＶＸ", "無抵押貸款", "加 v 信，或者直接加微信"]
    assert [text for text in honest if any(hit.is_evasion for hit in made.hits(text))] == []
    views = {text: made.hits(text)[0].views for text in ("加薇信", "刷-单", "监职日截", "兼职职日结", "监-职日截")}
    assert views == {
        "加薇信": ("folded",),
        "刷-单": ("gap",),
        "监职日截": ("homophone",),
        "兼职职日结": ("repeat",),
        "监-职日截": ("gap", "homophone"),
    }


def test_the_span_is_where_the_word_stood_in_the_original() -> None:
    """Evidence shows what was typed, zero-width characters and all."""
    text = "快来 唰\u200b-单 吧"
    (hit,) = lexicon(ADS).hits(text)
    assert text[hit.start : hit.end] == "唰\u200b-单"


def test_a_word_is_plain_text() -> None:
    """Signs in a word are just those characters: no wildcard, no pattern, and they must stand there."""
    made = lexicon("刷*单", "a(b", "c++")
    assert bases(made, "刷xx单") == set()
    assert bases(made, "刷单") == set()
    assert bases(made, "刷*单") == {"刷*单"}
    assert bases(made, "x a(b y") == {"a(b"}
    assert bases(made, "学 C++ 去") == {"c++"}


def test_an_allow_phrase_protects_what_it_touches_and_nothing_else() -> None:
    """A phrase is matched literally after folding; the same word elsewhere in the text still counts."""
    made = lexicon("天向")
    assert bases(made, "好好学习天天向上", "天天向上") == set()
    assert bases(made, "好好学习天天向上，天向", "天天向上") == {"天向"}
    assert bases(made, "天 天向上", "天天向上") == {"天向"}


def test_borders_of_a_single_letter() -> None:
    """加v is not in 加vip or 加ν信号x, and v信 is not in tv信号; two letters need no border."""
    made = lexicon("加v", "v信", "加vx")
    assert bases(made, "加vip") == set()
    assert bases(made, "看tv信号") == set()
    assert bases(made, "加v 1") == {"加v"}
    assert bases(made, "加vx1") == {"加vx"}
    assert bases(made, "加vxy") == {"加vx"}


def test_a_flag_or_an_alias_asks_for_a_right_border() -> None:
    """`rb` as a flag holds for every spelling, at the end of an alias for that one."""
    made = lexicon("代开\t-\t2\trb\t代办", "收号\t-\t2\t-\t买号rb")
    assert bases(made, "代开发") == bases(made, "代办理") == bases(made, "买号码") == set()
    assert bases(made, "代开：a") == bases(made, "代办1") == {"代开"}
    assert bases(made, "收号码") == {"收号"}
    assert bases(made, "代开 发") == {"代开"}


def test_gaps_have_a_measure() -> None:
    """Four characters between letters of a word, two in a word of two; hard separators need all gaps filled."""
    made = lexicon("一二", "甲乙丙")
    assert bases(made, "一..二") == {"一二"}
    assert bases(made, "一...二") == set()
    assert bases(made, "甲....乙丙") == {"甲乙丙"}
    assert bases(made, "甲.....乙丙") == set()
    assert bases(made, "甲，乙丙") == set()
    assert bases(made, "甲，乙.丙") == {"甲乙丙"}
    assert bases(made, "甲\n乙\n丙") == {"甲乙丙"}


def test_mistakes_of_a_lexicon_are_told_with_their_line() -> None:
    """A bad row is left out and named; the others work."""
    made, mistakes = parse_lexicon("好词\n坏词\tx\t9\n***\n怪\tx\t1\tzz\n多\t1\t1\t-\t-\t-\t-\n# 注释\n\n{微信}号")
    assert [mistake.line for mistake in mistakes] == [2, 3, 4, 5]
    assert bases(made, "好词 vx号") == {"好词", "微信号"}


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    """Files come from Windows, too."""
    made, mistakes = parse_lexicon("\ufeff好词\r\n坏词\tx\t1\r\n")
    assert not mistakes
    assert bases(made, "好词坏词") == {"好词", "坏词"}


def test_words_written_in_a_rule_know_the_classes() -> None:
    """`{微信}` means the same there."""
    assert bases(phrases(("找{微信}",)), "找VX") == {"找微信"}


_WILD = st.text(
    alphabet=st.one_of(
        st.sampled_from("加微信薇伩vVxＸ+➕ .，。君羊亻言兼职日结监截刷单🐧\u200b\n1二"), st.characters(codec="utf-8")
    ),
    max_size=40,
)


def test_a_phrase_that_is_let_through_a_thousand_times_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place of a word lies in an allow phrase, in a message as long as one can be: what is protected is looked up,
    never matched."""
    asked: list[int] = []
    monkeypatch.setattr(
        "bot.core.text.moderation.lexicon.fits", lambda view, pattern, at: asked.append(at) or fits(view, pattern, at)
    )
    words = phrases(("长" * 50, "加微信"))
    for text, allow in (("长" * 4000, "长" * 60), ("我加微信群" * 800, "加微信群")):
        assert words.hits(text, (allow,)) == ()
    assert asked == []
    assert [hit.base for hit in words.hits("我加微信群" * 800 + "加微信", ("加微信群",))] == ["加微信"]


@settings(max_examples=60)
@given(_WILD)
def test_any_text_is_searched(text: str) -> None:
    """Total on any text; spans lie inside it; the fast view equals the exact one."""
    view = compact(text)
    assert view.text == kept(text) == fast_kept(text)
    assert fold(text).count("君羊") == 0
    assert len(view.gaps) == len(view.text) + 1
    seen = without_runs(view)
    assert single((seen or view).text) == single(view.text)
    for hit in lexicon(ADS).hits(text):
        assert 0 <= hit.start < hit.end <= len(text)


@settings(max_examples=60)
@given(st.sampled_from(["加微信", "兼职日结", "代开发票", "赌球", "扫码进群"]), st.integers(0, 3), _WILD, _WILD)
def test_a_word_set_apart_is_found_in_any_text(word: str, dots: int, before: str, after: str) -> None:
    """Neither what stands around it nor dots within hide a word of the lexicon."""
    hidden = ("." * min(dots, 2 if len(word) == 2 else 3)).join(word)
    assert word in bases(lexicon(ADS), f"{before}。\n{hidden}。\n{after}")


def test_homophones_are_symmetric_enough_for_candidates() -> None:
    """Whatever the homophone table links has the same sound, so no candidate is lost."""
    from bot.core.text.moderation.folding import HOMOPHONES

    assert all(sounded(other) == sounded(char) for char, others in HOMOPHONES.items() for other in others)
