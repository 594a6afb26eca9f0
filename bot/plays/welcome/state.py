"""What a welcome run remembers.

Documents by key: `<uid>` a member's journey; `wait/<uid>` somebody not greeted yet; `bye/<uid>` somebody not yet seen
off; `join/<uid>` an open request to join; `intro/<uid>`, `goal/<uid>` a member's own words; `code/<CODE>` a letter.
"""

from __future__ import annotations

from datetime import datetime

from bot.core.play import Frozen


class FirstWords(Frozen):
    """A newcomer's first message that nobody has answered yet."""

    member: str
    message_id: str


class State(Frozen):
    """`admitted` counts numbers given; `peak` is the largest size ever seen (None: size not known yet); `greeted_at`
    holds the greetings of the last hour; `thanked_at`, `unthanked` bound the answers to acknowledgements."""

    admitted: int = 0
    batches: int = 0
    peak: int | None = None
    greet_at: datetime | None = None
    greeted_at: tuple[datetime, ...] = ()
    bye_at: datetime | None = None
    byes: int = 0
    rules_version: int = 0
    thanked_at: tuple[datetime, ...] = ()
    unthanked: int = 0
    first_words: tuple[FirstWords, ...] = ()


class Journey(Frozen):
    """`number` 0: was here before the play. `was_greeted` is settled when the member leaves."""

    name: str = ""
    number: int = 0
    joined_at: datetime
    left_at: datetime | None = None
    joins: int = 1
    was_greeted: bool = True
    back_greeted_at: datetime | None = None
    acked_version: int = 0
    is_introduced: bool = False
    has_spoken: bool = False


class Arrival(Frozen):
    name: str
    at: datetime
    number: int = 0
    is_back: bool = False


class Request(Frozen):
    """`verdict` "": still open. `asked` names the operators' question, which outlives newer handles."""

    flag: str
    name: str = ""
    answer: str = ""
    channel: str = ""
    asked: str = ""
    verdict: str = ""


class Words(Frozen):
    """A member's own words. `is_hidden`: the member has left."""

    name: str
    text: str
    at: datetime
    is_hidden: bool = False


class Letter(Frozen):
    member: str
    name: str
    number: int
    at: datetime


class Slot(Frozen):
    """Exactly one of these, by the key's prefix."""

    journey: Journey | None = None
    arrival: Arrival | None = None
    request: Request | None = None
    words: Words | None = None
    letter: Letter | None = None
