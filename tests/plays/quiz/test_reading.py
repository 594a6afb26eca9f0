"""Banks as people write them, and every check with its line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.plays.quiz.bank import Question
from bot.plays.quiz.drawing import draw, with_shuffled_options
from bot.plays.quiz.reading import parse_bank

BANKS = Path(__file__).parents[3] / "playbooks" / "banks"
HEAD = "bank: 测试\nquestions:\n"


def codes(text: str, path: str = "b.yaml") -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in parse_bank(path, text)[1] if problem.is_error]


def warnings(text: str) -> list[str]:
    return [problem.code for problem in parse_bank("b.yaml", text)[1] if not problem.is_error]


def test_scalars_stay_what_was_typed() -> None:
    """yes, no, on, 1.0, a date and 010 are texts."""
    text = HEAD + "  - {id: 010, text: 2024-01-01 是哪天, options: [yes, no, on, 1.0], answer: A, explanation: x}\n"
    bank, problems = parse_bank("b.yaml", text)
    assert problems == []
    assert bank.questions[0].id == "010"
    assert bank.questions[0].options == ("yes", "no", "on", "1.0")


def test_a_clean_bank_of_every_type() -> None:
    """Defaults, lists of answers, lists of texts, letters in one word."""
    bank, problems = parse_bank(
        "b.yaml",
        "bank: 样\nversion: 2\nlicense: CC0-1.0\ndefaults: {limit: 15, points: 60, category: 常识}\nquestions:\n"
        "  - {id: a, type: multi, text: 甲, options: [一, 二, 三], answer: [A, C], explanation: x, tags: [t]}\n"
        "  - {id: b, type: multi, text: 乙, options: [一, 二, 三], answer: cb, explanation: x}\n"
        "  - {id: c, type: truefalse, text: 丙, answer: 错, explanation: x}\n"
        "  - {id: d, type: text, text: 丁, answer: [12, 十二], explanation: x, limit: 40, points: 5}\n",
    )
    assert problems == []
    assert (bank.limit_s, bank.points, bank.version) == (15, 60, "2")
    assert [question.answer for question in bank.questions] == [("A", "C"), ("B", "C"), ("B",), ("12", "十二")]
    assert bank.questions[0].category == "常识"
    assert bank.questions[3].limit_s == 40


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("{text: 甲, options: [一, 二], answer: A}", "bank-missing-field"),
        ("{id: x, options: [一, 二], answer: A}", "bank-missing-field"),
        ("{id: x, text: '', options: [一, 二], answer: A}", "bank-missing-field"),
        ("{id: x, text: 甲, options: [一, 二]}", "bank-missing-field"),
        ("{id: x, text: 甲, options: [一, 二], answer: C}", "bank-answer-without-option"),
        ("{id: x, text: 甲, options: [一, 二], answer: AB}", "bank-answer"),
        ("{id: x, text: 甲, options: [一, 二], answer: 一}", "bank-answer"),
        ("{id: x, text: 甲, options: [宋, 「宋」], answer: A}", "bank-same-option"),
        ("{id: x, text: 甲, options: [A1, ａ１], answer: A}", "bank-same-option"),
        ("{id: x, text: 甲, options: [一], answer: A}", "bank-few-options"),
        ("{id: x, text: 甲, options: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], answer: A}", "bank-many-options"),
        ("{id: x, text: 甲, options: [一, ''], answer: A}", "bank-empty-option"),
        ("{id: x, type: multi, text: 甲, options: [一, 二], answer: A}", "bank-multi-answers"),
        ("{id: x, type: truefalse, text: 甲, answer: 也许}", "bank-answer"),
        ("{id: x, type: truefalse, text: 甲, options: [对, 错], answer: 对}", "bank-needless-options"),
        ("{id: x, type: essay, text: 甲, answer: 对}", "bank-type"),
        ("{id: x, text: 甲, options: [一, 二], answer: A, limit: 2}", "bank-limit"),
        ("{id: x, text: 甲, options: [一, 二], answer: A, limit: 601}", "bank-limit"),
        ("{id: x, text: 甲, options: [一, 二], answer: A, points: 很多}", "bank-number"),
    ],
)
def test_each_mistake_is_an_error_on_its_line(question: str, code: str) -> None:
    """Reported with the line of the question; the others are still read."""
    text = HEAD + f"  - {question}\n" + "  - {id: ok, text: 乙, options: [一, 二], answer: B, explanation: x}\n"
    assert (3, code) in codes(text)
    assert [q.id for q in parse_bank("b.yaml", text)[0].questions] == ["ok"]


def test_all_problems_at_once() -> None:
    """Three broken questions, three errors, each with its line and the id in the message."""
    text = (
        HEAD
        + "  - {id: a, text: 甲, options: [一], answer: A}\n"
        + "  - {id: b, text: 乙, options: [一, 二], answer: D}\n"
        + "  - {id: c, type: multi, text: 丙, options: [一, 二], answer: A}\n"
        + "  - {id: d, text: 丁, options: [一, 二], answer: A, explanation: x}\n"
        + "  - {id: d, text: 戊, options: [一, 二], answer: A, explanation: x}\n"
    )
    assert codes(text) == [
        (3, "bank-few-options"),
        (4, "bank-answer-without-option"),
        (5, "bank-multi-answers"),
        (7, "bank-duplicate-id"),
    ]
    assert parse_bank("b.yaml", text)[1][0].zh == "题目 a:选项至少要 2 个"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "- 1",
        "bank: x",
        "bank: x\nquestions: []",
        "bank: x\nbank: y\nquestions: [a]",
        "[" * 50_000,
        "a: &x [*x]",
    ],
)
def test_what_is_no_bank_is_said_and_never_raised(text: str) -> None:
    """Empty, broken, deep, self-referring: at least one error, no exception."""
    assert codes(text)


def test_text_cut_off_by_a_comma_is_an_error() -> None:
    """In `{…}` an English comma ends the value: what follows would be lost in silence."""
    text = HEAD + "  - {id: a, text: 甲, options: [一, 二], answer: A, explanation: 先这样,再那样}\n"
    assert codes(text) == [(3, "bank-comma")]


def test_hints() -> None:
    """Same text, no explanation, a right option that gives itself away, all answers the same letter."""
    long = "  - {id: l, text: 长, options: [短, 这一个选项特别特别地长], answer: B}\n"
    same = "".join(f"  - {{id: s{n}, text: 题{n}, options: [甲, 乙], answer: B, explanation: x}}\n" for n in range(6))
    found = warnings(HEAD + long + same + "  - {id: z, text: 题0!, options: [丙, 丁], answer: B, explanation: x}\n")
    assert set(found) == {"bank-no-explanation", "bank-long-answer", "bank-same-letter", "bank-same-text"}


def test_a_table_with_chinese_headers() -> None:
    """题型 inferred or named, options by letter or 选项A."""
    bank, problems = parse_bank(
        "题库.csv",
        "\ufeff编号,题型,题目,选项A,选项B,选项C,答案,解析,难度,标签\n"
        "1,单选,首都?,北京,上海,,A,对,1,地理|常识\n"
        "2,,哺乳动物?,鲸,鲨鱼,蝙蝠,AC,是,2,\n"
        "3,,月亮会发光,,,,错,不会,1,\n"
        "4,填空,一打几个,,,,12|十二,打,1,\n",
    )
    assert [problem for problem in problems if problem.is_error] == []
    assert bank.name == "题库"
    assert [question.type for question in bank.questions] == ["single", "multi", "truefalse", "text"]
    assert bank.questions[0].tags == ("地理", "常识")
    assert bank.questions[3].answer == ("12", "十二")


def test_a_table_with_an_index_column_and_no_ids() -> None:
    """`,Question,A,B,C,D,Answer`: ids come from the text and survive a new row."""
    row = "0,水的沸点?,90,100,110,120,B\n"
    first = parse_bank("x.csv", ",Question,A,B,C,D,Answer\n" + row)[0].questions[0]
    again = parse_bank("x.csv", ",Question,A,B,C,D,Answer\n0,别的?,1,2,3,4,A\n" + row)[0].questions[1]
    assert first.id == again.id
    assert first.options == ("90", "100", "110", "120")


def test_a_table_reports_lines() -> None:
    """Counting the header as line 1."""
    assert codes("id,text,A,B,answer\n1,甲,一,二,A\n2,乙,一,二,C\n", "x.csv") == [(3, "bank-answer-without-option")]
    assert codes("a,b\n1,2\n", "x.csv") == [(1, "bank-missing-field")]


@pytest.mark.parametrize("path", sorted(BANKS.glob("*.yaml")), ids=lambda path: path.name)
def test_our_own_banks_pass(path: Path) -> None:
    """Without an error or a warning."""
    bank, problems = parse_bank(str(path), path.read_text("utf-8"))
    assert problems == []
    assert len(bank.questions) >= 20


def numbered(n: int) -> list[Question]:
    return [
        Question(id=f"q{i}", type="single", text=str(i), options=("甲", "乙", "丙"), answer=("B",)) for i in range(n)
    ]


def test_unused_questions_come_first_then_the_longest_rested() -> None:
    """Within a month nothing repeats, even if fewer questions are asked."""
    today = date(2026, 3, 31)
    used = {f"q{i}": today - timedelta(days=10 * i) for i in range(1, 6)}
    ids = [question.id for question in numbered(7)]
    drawn = draw(ids, used, today, 7, "种子", timedelta(days=30))
    assert sorted(drawn[:2]) == ["q0", "q6"]
    assert drawn[2:] == ["q5", "q4", "q3"]
    assert drawn == draw(ids, used, today, 7, "种子", timedelta(days=30))


def test_shuffled_options_keep_the_right_one() -> None:
    """The letter moves with its text; options that speak of the others stay."""
    question = numbered(1)[0]
    orders = set()
    for n in range(20):
        shuffled = with_shuffled_options(question, str(n))
        orders.add(shuffled.options)
        assert shuffled.options["ABC".index(shuffled.answer[0])] == "乙"
    assert len(orders) > 3
    fixed = question.model_copy(update={"options": ("甲", "乙", "以上都对")})
    assert with_shuffled_options(fixed, "1") == fixed


def test_an_empty_cell_does_not_move_the_letters() -> None:
    """A, nothing, C: the answer C is the third column or a mistake, never the second option."""
    table = "id,text,A,B,C,answer\n1,甲,一,,三,C\n2,乙,一,二,,B\n"
    assert codes(table, "x.csv") == [(2, "bank-empty-option")]


def test_tables_write_true_and_false_into_the_option_columns() -> None:
    """判断 with A 对, B 错 is what most templates of such tables have; the other way round says something else."""
    row = "编号,题型,题目,A,B,答案,解析\n1,判断,月亮会发光,对,错,B,不会\n"
    bank, problems = parse_bank("x.csv", row)
    assert problems == []
    assert bank.questions[0].answer == ("B",)
    assert codes(row.replace("对,错", "错,对"), "x.csv") == [(2, "bank-needless-options")]
