"""Playbooks: what runs, an editor with the checker beside it, rehearsals, publication, every earlier version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query, View
from bot.console.page import Area, Done, Download, Push
from bot.console.patterns import Lines
from bot.console.ports.insight import Place
from bot.console.ports.playbooks import Book, BookRow, Checked, Parameter, Played, Replayed, Version

area = Area("playbooks", icon="playbooks", order=30)

_LONGEST = 200_000
_PLACES = 200
_LIMIT = 4 * _LONGEST
Source = Annotated[str, StringConstraints(max_length=_LONGEST)]


class Books(View):
    books: tuple[BookRow, ...]


class Draft(Query):
    """A text as it was typed."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=False, str_max_length=_LONGEST)

    source: Source

    @property
    def text(self) -> str:
        """Forms send line ends as the web does; files have their own."""
        plain = self.source.replace("\r\n", "\n")
        return plain if plain.endswith("\n") else f"{plain}\n"


class Rehearsal(Draft):
    days: int = Field(default=7, ge=1, le=60)
    members: int = Field(default=20, ge=0, le=200)
    seed: str = Field(default="", max_length=40)


class Replay(Draft):
    group: str = Field(min_length=1, max_length=200)
    replay_days: int = Field(default=14, ge=1, le=60)


class Publication(Draft):
    base: str = Field(default="", max_length=64)
    note: str = Field(default="", max_length=200)


class Asked(Query):
    """Where a new playbook begins: the name of its file, and the one it is a copy of."""

    name: str = Field(default="", max_length=60, pattern=r"^[\w-]*$")
    like: str = Field(default="", max_length=200)


class Start(View):
    """A new playbook, not published yet. `parameters`: what its example can be asked; they are answered when `is_filled`."""

    book: str
    name: str
    source: str
    like: str
    examples: tuple[BookRow, ...]
    title: str = ""
    groups: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    is_filled: bool = False


class Filling(Query):
    """The example's parameters, answered: `paths` and `values` belong together, one by one. `more`: groups by their uid or tag."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=8_000)

    name: str = Field(min_length=1, max_length=60, pattern=r"^[\w-]+$")
    like: str = Field(max_length=200)
    title: str = Field(default="", max_length=100)
    groups: tuple[str, ...] = Field(default=(), max_length=500)
    more: Lines = ()
    paths: tuple[str, ...] = Field(default=(), max_length=100)
    values: tuple[str, ...] = Field(default=(), max_length=100)


@area.view("/playbooks", needs=Action.PLAYBOOKS_SEE, template="playbooks/index.html")
async def index(call: Call) -> Books:
    """Every playbook that the caller sees, those with errors first."""
    seen = [each for each in await call.ports.playbooks.books() if _may(call, Action.PLAYBOOKS_SEE, each)]
    return Books(books=tuple(sorted(seen, key=lambda each: (not each.errors, each.state == "unused", each.path))))


@area.view("/playbooks/new", needs=Action.PLAYBOOKS_EDIT, template="playbooks/new.html")
async def new(call: Call, query: Asked) -> Start:
    """A copy of an example, or of any playbook, under a name of its own; what it can be asked comes first."""
    seen = [
        each for each in await call.ports.playbooks.books() if _may(call, Action.PLAYBOOKS_SEE, each) and each.plays
    ]
    if not query.name or not query.like:
        return Start(book="", name="", source="", like=query.like, examples=tuple(seen))
    found = await _book(call, query.like)
    return Start(
        book=f"{query.name}.yaml", name=query.name,
        source=call.ports.playbooks.started(found.source, query.name, "", (), {}),
        like=query.like, examples=tuple(seen), title=found.row.title, groups=found.row.selectors,
        places=await call.ports.insight.places(call.scope(Action.PLAYBOOKS_PUBLISH), "", _PLACES),
        parameters=call.ports.playbooks.parameters(found.source),
    )  # fmt: skip


@area.act("/playbooks/new", needs=Action.PLAYBOOKS_EDIT, template="playbooks/new.html")
async def fill(call: Call, body: Filling) -> Start:
    """The copy with its answers in place: the editor comes next, and nothing is kept before it is published."""
    found = await _book(call, body.like)
    groups = tuple(dict.fromkeys((*body.groups, *(each for each in body.more if each != "*")))) or found.row.selectors
    values = dict(zip(body.paths, body.values, strict=False))
    return Start(
        book=f"{body.name}.yaml", name=body.name, like=body.like, examples=(), title=body.title, groups=groups,
        source=call.ports.playbooks.started(found.source, body.name, body.title, groups, values), is_filled=True,
    )  # fmt: skip


@area.file("/playbooks/schema", needs=Action.PLAYBOOKS_SEE)
async def schema(call: Call) -> Download:
    """What the editor completes from."""
    content = call.ports.playbooks.schema().encode()
    return Download(name="schema.json", media_type="application/schema+json", content=content)


@area.view("/playbooks/{book}", needs=Action.PLAYBOOKS_SEE, template="playbooks/book.html")
async def book(call: Call) -> Book:
    name = call.params["book"]
    if call.filled.values and await call.ports.playbooks.book(name, call.language) is None:
        # A new one that could not be published yet: what was typed is shown again.
        return _unpublished(name)
    found = await _book(call, name)
    reaches = tuple(each for each in found.reaches if call.may(Action.MESSAGES_SEE, group=each.uid))
    may_publish = _may(call, Action.PLAYBOOKS_PUBLISH, found.row)
    return found.model_copy(update={"may_publish": may_publish, "reaches": reaches})


@area.act("/playbooks/{book}/check", needs=Action.PLAYBOOKS_SEE, template="playbooks/checked.html", limit=_LIMIT)
async def check(call: Call, body: Draft) -> Checked:
    """What is wrong with a text, and what it would change; nothing is kept of it."""
    await _admit(call, Action.PLAYBOOKS_SEE)
    return await call.ports.playbooks.check(call.params["book"], body.text, call.language)


@area.act("/playbooks/{book}/rehearse", needs=Action.PLAYBOOKS_SEE, template="playbooks/played.html", limit=_LIMIT)
async def rehearse(call: Call, body: Rehearsal) -> Played:
    """Plays a text in virtual time."""
    await _admit(call, Action.PLAYBOOKS_SEE)
    return await call.ports.playbooks.rehearse(
        call.params["book"], body.text, days=body.days, members=body.members, seed=body.seed
    )


@area.act("/playbooks/{book}/replay", needs=Action.PLAYBOOKS_SEE, template="playbooks/replayed.html", limit=_LIMIT)
async def replay(call: Call, body: Replay) -> Replayed:
    """Begins to replay what a group really said under a text: what it would have done otherwise than the files do."""
    await _admit(call, Action.PLAYBOOKS_SEE)
    call.require(Action.MESSAGES_SEE, group=body.group)
    return await call.ports.playbooks.replay(
        call.params["book"], body.text, body.group, body.replay_days, call.me.actor
    )


@area.view("/playbooks/replays/{replay}", needs=Action.PLAYBOOKS_SEE, template="playbooks/replayed.html")
async def replayed(call: Call) -> Replayed:
    return _replayed(call)


@area.stream("/playbooks/replays/{replay}/live", needs=Action.PLAYBOOKS_SEE)
async def replay_live(call: Call) -> AsyncIterator[Push | None]:
    """How far a replay is, and what came of it; then the stream ends."""
    with call.hub.listening(call.stream_owner, "work") as listener:
        yield None
        while not listener.is_closing:
            found = _replayed(call)
            yield Push("replay", found, "playbooks/replay_state.html")
            if found.work.is_over:
                yield Push("end", found.work, "parts/end.html")
                return
            await listener.changed(0.25)


@area.act("/playbooks/{book}/publish", needs=Action.PLAYBOOKS_PUBLISH, form="book", limit=_LIMIT)
async def publish(call: Call, body: Publication) -> Done:
    """Takes a text into force; it may reach only groups that the caller may publish to."""
    name = call.params["book"]
    await _admit(call, Action.PLAYBOOKS_PUBLISH)
    checked = await call.ports.playbooks.check(name, body.text, call.language)
    _require(call, Action.PLAYBOOKS_PUBLISH, checked.id, checked.selectors)
    await call.ports.playbooks.publish(name, body.text, body.base, body.note, call.me.actor)
    return Done(said="published", to=f"/playbooks/{name}")


@area.view("/playbooks/{book}/versions/{version:int}", needs=Action.PLAYBOOKS_SEE, template="playbooks/version.html")
async def version(call: Call) -> Version:
    """An earlier text, and what differs from the file now; publishing it again is how one goes back."""
    found = await call.ports.playbooks.version(call.params["book"], int(call.params["version"]), call.language)
    if found is None or not _may(call, Action.PLAYBOOKS_SEE, found.row):
        raise NotHere
    return found


def _unpublished(name: str) -> Book:
    path = name.replace("~", "/")
    row = BookRow(
        book=name,
        id=path,
        title=path,
        path=path,
        state="unused",
        errors=0,
        warnings=0,
        selectors=(),
        plays=(),
        groups=0,
    )
    return Book(row=row, source="", base="", findings=(), history=(), may_publish=True)


async def _book(call: Call, name: str) -> Book:
    found = await call.ports.playbooks.book(name, call.language)
    if found is None or not _may(call, Action.PLAYBOOKS_SEE, found.row):
        raise NotHere
    return found


async def _admit(call: Call, action: Action) -> None:
    """For a file that is there: the caller's bounds; a new one is admitted by what stands in it."""
    found = await call.ports.playbooks.book(call.params["book"], call.language)
    if found is not None:
        _require(call, action, found.row.id, found.row.selectors)


def _replayed(call: Call) -> Replayed:
    found = call.ports.playbooks.replayed(call.params["replay"], call.me.actor)
    if found is None:
        raise NotHere
    call.require(Action.MESSAGES_SEE, group=found.group.uid)
    return found


def _may(call: Call, action: Action, row: BookRow) -> bool:
    return reaches(call, action, row.id, row.selectors)


def _require(call: Call, action: Action, playbook: str, selectors: tuple[str, ...]) -> None:
    if not reaches(call, action, playbook, selectors):
        raise NotHere


def reaches(call: Call, action: Action, playbook: str, selectors: tuple[str, ...]) -> bool:
    """Whether the caller may do this to the whole playbook, in every group that it names; to see it, one is enough."""
    if action == Action.PLAYBOOKS_SEE:
        return call.may(action, playbook=playbook)
    return all(call.may(action, group=each, playbook=playbook) for each in selectors or ("*",))
