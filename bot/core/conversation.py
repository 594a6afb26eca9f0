"""What one day's talk says besides its words: who asked, who answered, who spoke to whom.

A group chat has no threads, so an answer is told by what the network gives (a quote, a mention) and, failing that, by
time: the first words of somebody else soon after a question. The metrics that rest on it say that they are proxies.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

ANSWER_WITHIN_MS = 6 * 3_600_000
"""An answer later than this answers nothing."""
NEAR_MS = 10 * 60_000
"""How soon somebody else's words without a quote count as an answer."""
AFTER_POST_MS = 3_600_000
"""How long after a post somebody's words count as a response to it."""

_ASKS = re.compile(
    "[?\uff1f][^\\w]*$"
    "|(?:^|[,\uff0c。!\uff01\\s])(?:请问|求问|求助|问一下|请教|谁知道|有没有人|有人知道|怎么|如何|为什么|为啥|什么时候|哪里|在哪)"
    "|(?:吗|么|呢)[^\\w]*$"
)
_NOBODY: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Said:
    """One logged message. `id` is the log's, `platform_id` what replies quote; `member`, `mentions` are the log's ids."""

    id: int
    member: int
    at_ms: int
    text: str
    platform_id: str = ""
    reply_to: str | None = None
    mentions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """`answered_by` None: nobody within `ANSWER_WITHIN_MS`."""

    message: int
    member: int
    at_ms: int
    answered_by: int | None = None
    answer_ms: int | None = None


@dataclass(slots=True)
class Talk:
    """`links`: (who, to whom) → [replies, mentions]."""

    questions: list[Question] = field(default_factory=list)
    links: dict[tuple[int, int], list[int]] = field(default_factory=dict)


def asks(text: str) -> bool:
    """Whether a message reads as a question. Short laughs with a question mark don't."""
    words = text.strip()
    return 3 <= len(words) <= 500 and _ASKS.search(words) is not None


def read_day(
    said: Sequence[Said], until_ms: int, bots: Collection[int] = (), heads: Mapping[int, int] = _NOBODY
) -> Talk:
    """The talk of a day that ends at `until_ms`. `said` is in order of time and may hold what came after the day, so that late
    answers are found. Bots neither ask nor answer; an asker doesn't answer himself, nor under another id: `heads` says which ids
    are one person (id → head)."""
    talk = Talk()
    links: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    author = {message.platform_id: message.member for message in said if message.platform_id}
    people = [message for message in said if message.member not in bots]
    for place, message in enumerate(people):
        if message.at_ms >= until_ms:
            break
        if (
            message.reply_to
            and (to := author.get(message.reply_to)) is not None
            and not _is_one(to, message.member, heads)
        ):
            links[(message.member, to)][0] += 1
        for to in dict.fromkeys(message.mentions):
            if not _is_one(to, message.member, heads):
                links[(message.member, to)][1] += 1
        if asks(message.text):
            talk.questions.append(_answered(people, place, heads))
    talk.links = dict(links)
    return talk


def _is_one(one: int, other: int, heads: Mapping[int, int]) -> bool:
    return one == other or heads.get(one, one) == heads.get(other, other)


def _answered(people: Sequence[Said], place: int, heads: Mapping[int, int]) -> Question:
    asked = people[place]
    near: Said | None = None
    for other in people[place + 1 :]:
        wait = other.at_ms - asked.at_ms
        if wait > ANSWER_WITHIN_MS:
            break
        if _is_one(other.member, asked.member, heads):
            continue
        is_addressed = (asked.platform_id and other.reply_to == asked.platform_id) or any(
            _is_one(each, asked.member, heads) for each in other.mentions
        )
        if is_addressed:
            return Question(asked.id, asked.member, asked.at_ms, other.member, wait)
        if near is None and wait <= NEAR_MS and not other.reply_to and not asks(other.text):
            near = other
    if near is not None:
        return Question(asked.id, asked.member, asked.at_ms, near.member, near.at_ms - asked.at_ms)
    return Question(asked.id, asked.member, asked.at_ms)


def responses(
    posts: Sequence[int], said: Sequence[Said], bots: Collection[int] = (), heads: Mapping[int, int] = _NOBODY
) -> Mapping[int, int]:
    """Post (its time in ms) → how many people spoke within `AFTER_POST_MS` after it."""
    found = {}
    for post in posts:
        window = (m for m in said if post <= m.at_ms < post + AFTER_POST_MS and m.member not in bots)
        found[post] = len({heads.get(message.member, message.member) for message in window})
    return found
