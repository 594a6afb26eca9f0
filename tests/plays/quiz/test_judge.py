"""What counts as an answer: the specification's own examples, and how people really type."""

from __future__ import annotations

import pytest

from bot.plays.quiz.judge import Type, is_right_text, judge, prepare

DYNASTIES = ("唐", "宋", "元", "明")
NUMBERS = ("5", "3", "1")
ANIMALS = ("鲸", "鲨鱼", "蝙蝠", "企鹅")
TEN = tuple("甲乙丙丁戊己庚辛壬癸")
LANGUAGES = ("Python", "Java", "JavaScript", "Go")
BIRDS = ("和平鸽", "鹰", "麻雀")


def check(kind: Type, options: tuple[str, ...], typed: str, expected: str | None) -> None:
    assert judge(kind, options, typed) == (tuple(expected) if expected else None)


@pytest.mark.parametrize("typed", ["Ｂ", "b.", "（B）", "选B吧", "答案：b", "2", "②", "第二个", "宋", "B.宋"])
def test_worked_examples_of_a_right_choice(typed: str) -> None:
    """Every form of the specification's first row chooses B."""
    check("single", DYNASTIES, typed, "B")


@pytest.mark.parametrize("typed", ["B?", "BC", "B 唐", "b站", "5", "6666", "宋朝很有意思"])
def test_worked_examples_of_no_choice(typed: str) -> None:
    """Questions, two letters, a letter with another option's text and chatter are no answers."""
    check("single", DYNASTIES, typed, None)


def test_text_comes_before_number() -> None:
    """With the options 5, 3 and 1, typing 3 means the text, which is option B."""
    check("single", NUMBERS, "3", "B")


@pytest.mark.parametrize("typed", ["ac", "A、C", "1 3", "13", "鲸和蝙蝠"])
def test_worked_examples_of_several(typed: str) -> None:
    """Letters, numbers or texts, together or apart."""
    check("multi", ANIMALS, typed, "AC")


@pytest.mark.parametrize(
    ("typed", "expected"), [("√", "A"), ("对的", "A"), ("我觉得对", "A"), ("A", "A"), ("不错", None), ("对吗？", None)]
)
def test_worked_examples_of_true_and_false(typed: str, expected: str | None) -> None:
    """不错 is praise, 对吗？ a question."""
    check("truefalse", (), typed, expected)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # letters as phones make them
        ("B", "B"), ("b", "B"), ("ｂ", "B"), ("Ⓑ", "B"), ("🅱️", "B"), ("🅱", "B"), ("🇧", "B"), ("B。", "B"), ("B!", "B"),
        ("B！！！", "B"), ("B~", "B"), ("B～～", "B"), ("...B", "B"), ("…B…", "B"), ("【B】", "B"), ("[b]", "B"), ("《B》", "B"),
        ("「B」", "B"), ("“B”", "B"), ("'b'", "B"), ("*B*", "B"), ("B😊", "B"), ("👉B", "B"), ("B👍🏻", "B"), ("B👨‍👩‍👧", "B"),
        ("B\u200b", "B"), ("\ufeffB", "B"), ("\u3000B\u3000", "B"), ("B\n", "B"), ("bbbb", "B"), ("BB", "B"), ("BBB!", "B"),
        # numbers
        ("２", "B"), ("2️⃣", "B"), ("⑵", "B"), ("⒉", "B"), ("㈡", "B"), ("二", "B"), ("第2", "B"), ("第二", "B"), ("第2个", "B"),
        ("2号", "B"), ("二号", "B"), ("第二项", "B"), ("2项", "B"), ("第二选项", "B"), ("2选项", "B"), ("第二个吧", "B"),
        # words around it
        ("我选B", "B"), ("我选b吧", "B"), ("我觉得是B", "B"), ("应该是B吧", "B"), ("肯定B", "B"), ("盲猜B", "B"), ("猜个B", None),
        ("蒙个B", "B"), ("蒙B", "B"), ("果断B", "B"), ("必须B啊", "B"), ("当然是b啦", "B"), ("那就B吧", "B"), ("还是B", "B"),
        ("选择B", "B"), ("选项B", "B"), ("B选项", "B"), ("B项", "B"), ("选B", "B"), ("选:B", "B"), ("选 B 呀", "B"),
        ("回答:B", "B"), ("答:B", "B"), ("作答 B", "B"), ("答案是B", "B"), ("答案B", "B"), ("答案选B", "B"), ("投B", "B"), ("填B", "B"),
        ("咱选B", "B"), ("我们选B", "B"), ("我们觉得是B", "B"), ("B正确", "B"), ("B没错", "B"), ("B对", "B"), ("B无疑", "B"),
        ("B了", "B"), ("B的", "B"), ("B哈", "B"), ("B嘛", "B"), ("是B", "B"), ("为B", "B"), ("就B", "B"), ("我认为是B", "B"), ("感觉B", "B"),
        # changing one's mind
        ("改B", "B"), ("改成B", "B"), ("改选B", "B"), ("换B", "B"), ("换成b", "B"), ("更正:B", "B"), ("不对,B", "B"), ("错了 B", "B"),
        # the option's own text
        ("宋。", "B"), ("选宋", "B"), ("我觉得是宋", "B"), ("B、宋", "B"), ("B 宋", "B"), ("B宋", "B"), ("b:宋", "B"), ("(B)宋", "B"),
        ("2.宋", "B"), ("2、宋", "B"), ("B) 宋", "B"), ("答案是B.宋", "B"),
        # mentions and quotations
        ("@答题君 B", "B"), ("@答题君\u2005B", "B"), ("B @答题君", "B"), ("「小明:A」\n- - - - - - - - - - - - - - -\nB", "B"),
        # chat
        ("", None), ("?", None), ("B？", None), ("是B吗?", None), ("A", "A"), ("E", None), ("e", None), ("0", None), ("7", None),
        ("22", None), ("AB", None), ("A B", None), ("A,B", None), ("A或B", None), ("不选B", None), ("不是B", None), ("B不对", None),
        ("b超", None), ("B站见", None), ("2个人", None), ("大家好", None), ("哈哈哈哈", None), ("666", None), ("打卡", None),
        ("二楼的朋友好", None), ("唐宋", None), ("唐宋元明", None), ("A宋", None), ("1 宋", None), ("宋 B", None), ("第五个", None),
        ("十", None), ("02", None), ("2.0", None), ("我", None), ("选", None), ("答案", None), ("答案呢", None), ("吧", None),
        ("我选的B你们呢", None), ("选" + "B" * 45, None), ("这题太难了", None), ("没错", None), ("对", None),
    ],
)  # fmt: skip
def test_single_choice_as_people_type_it(typed: str, expected: str | None) -> None:
    """唐/宋/元/明: one option clearly meant, or chat."""
    check("single", DYNASTIES, typed, expected)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("AC", "AC"), ("CA", "AC"), ("ACA", "AC"), ("a c", "AC"), ("a,c", "AC"), ("A，C", "AC"), ("A/C", "AC"), ("A+C", "AC"), ("A&C", "AC"),
        ("A|C", "AC"), ("A;C", "AC"), ("A。C", "AC"), ("A.C", "AC"), ("A和C", "AC"), ("A与C", "AC"), ("A跟C", "AC"), ("A及C", "AC"),
        ("A还有C", "AC"), ("A加C", "AC"), ("选A和C", "AC"), ("我选AC吧", "AC"), ("答案:AC", "AC"), ("应该是A、C", "AC"), ("ＡＣ", "AC"),
        ("🅰️C", "AC"), ("①③", "AC"), ("1、3", "AC"), ("1和3", "AC"), ("131", "AC"), ("一、三", "AC"), ("第一和第三", "AC"),
        ("第1个和第3个", "AC"), ("鲸,蝙蝠", "AC"), ("鲸蝙蝠", "AC"), ("蝙蝠鲸", "AC"), ("鲸、C", "AC"), ("A.鲸 C.蝙蝠", "AC"), ("A 鲸 C 蝙蝠", "AC"),
        ("A", "A"), ("鲸", "A"), ("第三个", "C"), ("CCC", "C"), ("A-C", "ABC"), ("a~c", "ABC"), ("A到C", "ABC"), ("A至C", "ABC"), ("Ａ－Ｃ", "ABC"),
        ("ABCD", "ABCD"), ("1234", "ABCD"), ("全选", "ABCD"), ("都选", "ABCD"), ("全部", "ABCD"), ("都对", "ABCD"), ("全对", "ABCD"),
        ("全都选", "ABCD"), ("全部都选", "ABCD"), ("选全部", "ABCD"), ("全选吧", "ABCD"), ("鲸鲨鱼蝙蝠企鹅", "ABCD"), ("AB CD", "ABCD"),
        ("C-A", None), ("ACE", None), ("15", None), ("鲸鲸", None), ("鲸鱼", None), ("A和E", None), ("AC?", None), ("鲸和人", None),
        ("都不对", None), ("全错", None), ("A或C", None), ("鲸和蝙蝠都是", None), ("abc学习法", None), ("2024", None), ("11", None), ("A鲨鱼", None),
        ("1 鲨鱼", "AB"),
    ],
)  # fmt: skip
def test_multiple_choice_as_people_type_it(typed: str, expected: str | None) -> None:
    """鲸/鲨鱼/蝙蝠/企鹅: all forms of several."""
    check("multi", ANIMALS, typed, expected)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("对", "A"), ("对对对", "A"), ("√√√", "A"), ("✓", "A"), ("✔️", "A"), ("✅", "A"), ("⭕", "A"), ("正确", "A"), ("是", "A"), ("是的", "A"),
        ("没错", "A"), ("真的", "A"), ("T", "A"), ("true", "A"), ("Yes", "A"), ("y", "A"), ("1", "A"), ("选对", "A"), ("答案是对", "A"), ("对!", "A"),
        ("应该是对的", "A"), ("A对", "A"), ("我觉得没错", "A"), ("对吧", "A"), ("是对的", "A"),
        ("错", "B"), ("错错错", "B"), ("×", "B"), ("xx", "B"), ("X", "B"), ("❌", "B"), ("✗", "B"), ("错误", "B"), ("不对", "B"), ("不是", "B"),
        ("不正确", "B"), ("否", "B"), ("假的", "B"), ("F", "B"), ("false", "B"), ("No", "B"), ("n", "B"), ("2", "B"), ("B", "B"), ("错的", "B"),
        ("我觉得错", "B"), ("应该不对", "B"), ("肯定是错的", "B"), ("B错", "B"), ("错了", "B"), ("第二个", "B"),
        ("不错", None), ("对不对", None), ("对吗", None), ("对吗?", None), ("对错", None), ("AB", None), ("A错", None), ("不知道", None), ("对面的朋友", None),
        ("错过了", None), ("是不是", None), ("yes or no", None), ("3", None), ("C", None),
    ],
)  # fmt: skip
def test_true_and_false_as_people_type_it(typed: str, expected: str | None) -> None:
    """Signs, words, letters and numbers."""
    check("truefalse", (), typed, expected)


@pytest.mark.parametrize(
    ("options", "typed", "expected"),
    [
        (NUMBERS, "5", "A"), (NUMBERS, "1", "C"), (NUMBERS, "2", "B"), (NUMBERS, "第3个", "C"), (NUMBERS, "B.3", "B"), (NUMBERS, "A 3", None),
        (TEN, "10", "J"), (TEN, "十", "J"), (TEN, "第十个", "J"), (TEN, "J", "J"), (TEN, "10.癸", "J"), (TEN, "k", None),
        (LANGUAGES, "java", "B"), (LANGUAGES, "JAVA script", "C"), (LANGUAGES, "c", "C"), (LANGUAGES, "d go", "D"), (LANGUAGES, "javascript 很难", None),
        (("90", "95", "100", "110"), "100度", None), (("90", "95", "100", "110"), "100", "C"), (("90", "95", "100", "110"), "选100", "C"),
        (("是", "不是"), "是", "A"), (("对", "不对"), "不对", "B"),
    ],
)  # fmt: skip
def test_options_that_look_like_answers(options: tuple[str, ...], typed: str, expected: str | None) -> None:
    """Numbers, English words and yes-no texts as options."""
    check("single", options, typed, expected)


def test_an_option_may_hold_a_joining_word() -> None:
    """和平鸽 is one option though 和 joins."""
    check("multi", BIRDS, "和平鸽、鹰", "AB")
    check("multi", BIRDS, "鹰和麻雀", "BC")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("疑是地上霜", True), ("答案是疑是地上霜", True), ("疑是地上霜。", True), ("疑是地上霜吧", True), ("“疑是地上霜”", True),
        ("举头望明月", False), ("不知道", False), ("疑是地上霜吗?", None), ("", None), ("霜" * 41, None),
    ],
)  # fmt: skip
def test_a_text_question_compares_letters_and_digits(typed: str, expected: bool | None) -> None:
    """Every short message is an attempt; prefixes and suffixes are forgiven."""
    assert is_right_text(("疑是地上霜",), typed) is expected


def test_forty_characters_are_the_limit() -> None:
    """Counted after invisible characters and mentions are gone."""
    assert prepare("霜" * 40) is not None
    assert prepare("\u200b" * 9 + "霜" * 40) is not None
    assert prepare("霜" * 41) is None
