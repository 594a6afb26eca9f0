"""Speed of the rules play, run by hand: `python benchmarks/rules_speed.py [messages.txt]`.

Prints how long a lexicon of 100,000 words takes to build, its memory, how many messages a second one core folds and
matches, and what one harmless message costs the live bot. Without a file the messages are made up from common syllables.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from bot.core.draw import share
from bot.core.events import MessageReceived
from bot.core.play import Context, Member, Recent
from bot.core.segments import Text
from bot.core.text.moderation import Lexicon, parse_lexicon
from bot.plays.rules import PLAY, RulesParams

_ROOT = Path(__file__).parent.parent
_COMMON = "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开"
_WORDS, _MESSAGES = 100_000, 2_000


def _text(seed: str, length: int, alphabet: str) -> str:
    return "".join(alphabet[int(share(seed, str(i)) * len(alphabet))] for i in range(length))


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _rate(lexicon: Lexicon, messages: list[str]) -> tuple[float, int]:
    best, hits = 0.0, 0
    for _ in range(3):
        begin = time.perf_counter()
        hits = sum(bool(lexicon.hits(text)) for text in messages)
        best = max(best, len(messages) / (time.perf_counter() - begin))
    return best, hits


def main() -> None:
    messages = (
        Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
        if len(sys.argv) > 1
        else [_text(f"m{n}", 12, _COMMON) for n in range(_MESSAGES)]
    )
    small, _ = parse_lexicon((_ROOT / "playbooks/lexicon/ads.txt").read_text(encoding="utf-8"))
    for nasty in ("加微信", "加，微信", "代，开发票", "微", "a.com ", "监职。日截", "➕𝕍 "):
        text = nasty * (4500 // len(nasty))
        print(f"nasty message, {nasty} repeated to {len(text)} characters: {_timed(small, text) * 1000:.1f} ms")
    _step(small)
    rare = "".join(chr(code) for code in range(0x4E00, 0x5600))
    source = "\n".join(f"{_text(f'w{n}', 3 + n % 3, rare)}\tx\t2\t{'py' if n % 2 else '-'}" for n in range(_WORDS))
    before = _memory_mb()
    begin = time.perf_counter()
    big, _ = parse_lexicon(source)
    print(f"build {big.size:,} words: {time.perf_counter() - begin:.2f} s, {_memory_mb() - before:.0f} MB more")
    for name, lexicon in (("100,000 words", big), ("ads.txt", small)):
        rate, hits = _rate(lexicon, messages)
        print(f"{name}: {rate:,.0f} messages/s, {hits} of {len(messages)} hit")


def _timed(lexicon: Lexicon, text: str) -> float:
    begin = time.perf_counter()
    lexicon.hits(text)
    return time.perf_counter() - begin


def _step(lexicon: Lexicon) -> None:
    """One harmless message of ten characters through needs and step, with the example's rules."""
    plays = yaml.safe_load((_ROOT / "playbooks/examples/rules.yaml").read_text(encoding="utf-8"))["plays"]
    spec = next(dict(play) for play in plays.values() if play["kind"] == "rules")
    params = RulesParams.model_validate({key: spec[key] for key in RulesParams.model_fields if key in spec})
    paths = {rule.match.words or (rule.match.nickname and rule.match.nickname.words) for rule in params.rules}
    now = datetime(2026, 3, 2, 4, tzinfo=UTC)
    text = "今天的书读到第三章了"
    for others in (0, 50):
        member = Member(uid="qq:1", name="小明", joined_at=now - timedelta(days=90))
        recent = tuple(Recent(f"qq:{n + 2}", now - timedelta(seconds=60 - n), text, str(n)) for n in range(others))
        ctx = Context(
            params=params, now=now, chat="qq:g", member=member, recent=recent, assets=dict.fromkeys(paths, lexicon)
        )
        event = MessageReceived(
            id="m",
            account="qq:b",
            chat="qq:g",
            at=now,
            member="qq:1",
            message_id="m",
            text=text,
            segments=(Text(text),),
        )
        state = PLAY.start(ctx).state
        rounds = 20_000
        begin = time.perf_counter()
        for _ in range(rounds):
            PLAY.needs(params, event)
            PLAY.step(state, event, ctx)
        print(f"harmless message, {others} recent: {(time.perf_counter() - begin) / rounds * 1e6:.1f} µs")


if __name__ == "__main__":
    main()
