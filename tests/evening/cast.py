"""Who is there, what they say, and the playbook that runs the group."""

from __future__ import annotations

from pathlib import Path

from bot.core.draw import share, shuffled
from bot.sim.personas import names

ROOT = Path(__file__).parents[2]
OPERATOR = "群主"
MEMBERS = tuple(names(200, [OPERATOR]))
"""Some are called 书友101 and 书友102: names that a number tells apart."""
SPAMMERS = MEMBERS[-50:]
NEWCOMERS = tuple(f"新来的{number}" for number in range(1, 6))
TITLE = "周六徒步"

_PLAYBOOK = """\
playbook: evening
title: 晚上好
groups: ["qq:*", "sim:晚上好"]
plays:
  报名: {{kind: chain, metric: chain.entries, type: signup, debounce: {debounce}s}}
  答题:
    kind: quiz
    metric: quiz.participation
    bank: banks/bank.yaml
    questions: 10
    time_limit: {limit}s
    gap: 1s
    attempts: 2
    submit: false
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    mode: enforce
    brakes: {{actions_per_minute: 600}}
    allow: [大家微信, 家微信群]
    rules:
      - {{id: 广告, match: {{words: ads.txt}}}}
      - {{id: 外链, match: {{link: {{allow: [qq.com]}}}}}}
      - {{id: 刷屏, match: {{flood: {{messages: 8, within: 10s}}}}}}
      - {{id: 复读, match: {{repeat: {{times: 3, within: 10m}}}}}}
      - {{id: 二维码, match: {{image_qr: {{allow: [qq.com]}}}}}}
      - {{id: 太长, match: {{length: {{characters: 800, lines: 30}}}}}}
      - {{id: 全体提醒, match: {{mention_all: {{}}}}}}
"""

_FORMS = ("{0}", "{1}", "选{0}", "我选{0}", "答案{0}", "{2}", "{0}吧", "应该是{0}", "{0}！", "盲猜{0}", "{3}")
CHATTER = ("哈哈这题好难", "等等我想想", "不会", "谁知道呀？", "刚回来", "网好卡", "加油大家", "是不是书里讲过？")


def furnish(folder: Path, *, limit_s: int, debounce_s: int, picture: bytes = b"") -> Path:
    """The playbook with its bank and lexicon in `folder`."""
    (folder / "banks").mkdir(parents=True)
    (folder / "evening.yaml").write_text(_PLAYBOOK.format(limit=limit_s, debounce=debounce_s), "utf-8")
    (folder / "ads.txt").write_text((ROOT / "playbooks/lexicon/ads.txt").read_text("utf-8"), "utf-8")
    lines = ["bank: 常识", "questions:"]
    for number in range(1, 11):
        options = [f"答项{number}之{name}" for name in ("甲", "乙", "丙", "丁")]
        lines.append(
            f"  - {{id: q{number}, type: single, text: 第{number}道常识题该选哪个, "
            f"options: [{', '.join(options)}], answer: {'ABCD'[number % 4]}{', image: pics/q.png' if picture else ''}}}"
        )
    if picture:
        (folder / "banks" / "pics").mkdir()
        (folder / "banks" / "pics" / "q.png").write_bytes(picture)
    (folder / "banks" / "bank.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    return folder / "evening.yaml"


def right_letter(number: int) -> str:
    return "ABCD"[number % 4]


def typed(number: int, letter: str, seed: str) -> str:
    """An answer as somebody types it."""
    form = _FORMS[int(share(seed, "form") * len(_FORMS))]
    option = f"答项{number}之{'甲乙丙丁'['ABCD'.index(letter)]}"
    return form.format(letter, letter.lower(), chr(ord(letter) + 0xFEE0), option)


def spam(count: int) -> list[str]:
    """Advertisements in disguise and links that run into the text around them."""
    rows = (ROOT / "tests/plays/rules/words.tsv").read_text("utf-8").splitlines()
    pairs = [row.split("\t") for row in rows if row and not row.startswith("#") and "\t" in row]
    words = [text.replace("\\n", "\n") for text, found, *_ in pairs if found != "-" and len(text) < 200]
    links = [
        "看这个https://bad.example.com/x，很好", "访问www.b-c.com。", "hxxps://get-rich.net 速来", "进 t。cn/abc 领",
        "私聊 evilqq.com 拿资料", "资料在get-rich点com自己下", "http://1.2.3.4/a 看看", "ab[.]cd[.]com",
    ]  # fmt: skip
    return [*links, *shuffled("evening", words)][:count]


def harmless(count: int) -> list[str]:
    lines = (ROOT / "tests/plays/rules/benign.txt").read_text("utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    return [told[n % len(told)] for n in range(count)]
