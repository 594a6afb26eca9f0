"""Playbooks: what runs of which file, what is wrong with it, what a change would do, and every version that was published.

A playbook is named by its file's path in the folder, with `~` for `/`: a file that can't be read has no other name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from bot.console.models import View
from bot.console.ports.work import Work
from bot.console.words import Language

State = Literal["running", "kept", "broken", "unused"]
"""`kept`: the file has errors, an earlier version goes on. `unused`: sound, but no group has it."""


class Parameter(View):
    """One value that a copy of a playbook can be asked to begin with. `play` "": it is the whole playbook's. `key` names it
    below the play; `hint` is the comment beside it."""

    path: str
    play: str
    key: str
    kind: Literal["time", "number", "words", "list", "text"]
    value: str
    hint: str


class Finding(View):
    """One problem, in the caller's language. Lines and columns count from 1, in characters."""

    severity: Literal["error", "warning"]
    code: str
    path: str
    line: int
    column: int
    length: int
    message: str
    expected: str = ""
    suggestion: str = ""
    hint: str = ""


class BookRow(View):
    """`id` is what access is granted by; `selectors` are the groups that the file names."""

    book: str
    id: str
    title: str
    path: str
    state: State
    errors: int
    warnings: int
    selectors: tuple[str, ...]
    plays: tuple[str, ...]
    groups: int


class Published(View):
    """One version of a file. `actor` is "file" where somebody changed the file itself."""

    id: int
    at: datetime
    actor: str
    note: str


class Reached(View):
    uid: str
    name: str


class Book(View):
    row: BookRow
    source: str
    base: str
    """What the source is known by: publishing over it works only while the file is still that."""
    findings: tuple[Finding, ...]
    history: tuple[Published, ...]
    reaches: tuple[Reached, ...] = ()
    """The groups that have it, the largest first: where it can be replayed."""
    may_publish: bool = False


class Checked(View):
    """What a text would do in place of the file. `changes`: what it changes in the groups, as an operator reads it."""

    findings: tuple[Finding, ...]
    is_sound: bool
    changes: str
    id: str
    selectors: tuple[str, ...]


class Line(View):
    at: datetime
    who: Literal["member", "bot", "event", "refused"]
    text: str
    play: str


class Played(View):
    """A rehearsal in virtual time. `problem` says why there is none. `silent`: what never fired, `failures`: steps that
    failed, `refused`: what the network would have refused."""

    lines: tuple[Line, ...] = ()
    left_out: int = 0
    heard: int = 0
    sent: int = 0
    silent: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    problem: str = ""


class Caught(View):
    """One message that a rule would catch. `done`: warn, delete, mute, kick; nothing where it only notes."""

    at: datetime
    name: str
    text: str
    rule: str
    level: int
    mode: str
    done: tuple[str, ...]


class Otherwise(View):
    """One thing that would have been answered otherwise. `at` None: a sum over the days. `name` "": nobody, a schedule."""

    at: datetime | None
    name: str
    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Replayed(View):
    """What the text would have done in a group's last days, against the files as they are. `more`: caught only by the text,
    `fewer`: only by the files; `hits`: all that the text would catch. `left_out`: further differences."""

    group: Reached
    days: int
    work: Work
    replayed: int = 0
    since: datetime | None = None
    hits: int = 0
    more: tuple[Caught, ...] = ()
    more_left_out: int = 0
    fewer: tuple[Caught, ...] = ()
    others: tuple[Otherwise, ...] = ()
    left_out: int = 0
    people: int = 0


class Version(View):
    row: BookRow
    version: Published
    source: str
    base: str
    """What the file is known by now."""
    changed: tuple[tuple[Literal["+", "-", " ", "@"], str], ...]
    """From that version to the file as it is, as lines of a unified diff."""


class PlaybooksPort(Protocol):
    def schema(self) -> str:
        """The language as JSON Schema: what the editor completes from."""
        ...

    def parameters(self, source: str) -> tuple[Parameter, ...]: ...

    def started(self, source: str, name: str, title: str, groups: Sequence[str], values: Mapping[str, str]) -> str:
        """The text under another name, with the title, the groups and the parameters (by path) that are given."""
        ...

    async def books(self) -> tuple[BookRow, ...]:
        """Every file that is read as a playbook, and the two shared ones."""
        ...

    async def book(self, book: str, language: Language) -> Book | None: ...

    async def check(self, book: str, source: str, language: Language) -> Checked: ...

    async def rehearse(self, book: str, source: str, *, days: int, members: int, seed: str) -> Played: ...

    async def replay(self, book: str, source: str, group: str, days: int, actor: str) -> Replayed:
        """Begins to replay the group's log under the text. Raises `Refused` `no_such_group`, `too_much_work`."""
        ...

    def replayed(self, replay: str, actor: str) -> Replayed | None:
        """How far it is, and what came of it."""
        ...

    async def publish(self, book: str, source: str, base: str, note: str, actor: str) -> None:
        """Writes the file and takes it into force. Raises `Refused`: `has_errors`, `changed_meanwhile`, `bad_name`."""
        ...

    async def version(self, book: str, version: int, language: Language) -> Version | None: ...
