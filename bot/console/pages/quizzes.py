"""答题: sessions with their rankings, how each question does, and members' own questions."""

from __future__ import annotations

from typing import Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done, Download
from bot.console.ports.quizzes import Decision, Format, Items, Offers, Quizzes, Results

area = Area("quizzes", icon="quiz", order=20, section="plays")

V = TypeVar("V", bound=BaseModel)

_ITEMS = 50
_ONE = "/quizzes/{group}/{playbook}/{play}"


class QuizzesQuery(Query):
    q: str = Field(default="", max_length=100)
    page: int = Field(default=1, ge=1, le=10_000)


class ItemsQuery(Query):
    """`flag`: `odd` for all that deserve a look, `never` for those that were not asked yet."""

    bank: str = Field(default="", max_length=100)
    flag: Literal["", "odd", "hard", "easy", "flat", "few", "never"] = ""
    page: int = Field(default=1, ge=1, le=10_000)


class ExportQuery(Query):
    what: Literal["items", "ranking"] = "items"
    format: Format = "xlsx"


@area.view("/quizzes", needs=Action.QUIZ_SEE, template="quizzes/index.html", part="quizzes/list.html")
async def index(call: Call, query: QuizzesQuery) -> Quizzes:
    """Every quiz: what runs, the last session, questions that wait or deserve a look."""
    return await call.ports.quizzes.quizzes(
        lambda group, playbook: call.may(Action.QUIZ_SEE, group=group, playbook=playbook), words=query.q,
        page=query.page,
    )  # fmt: skip


@area.view(_ONE, needs=Action.QUIZ_SEE, template="quizzes/results.html")
async def results(call: Call) -> Results:
    """The last session with ranking and questions, and those before it."""
    return _there(await call.ports.quizzes.results(*_which(call)))


@area.view(_ONE + "/items", needs=Action.QUIZ_SEE, template="quizzes/items.html", part="quizzes/items_list.html")
async def items(call: Call, query: ItemsQuery) -> Items:
    """How hard each question is, whether it tells who knows more, how often it was asked."""
    found = _there(await call.ports.quizzes.items(*_which(call)))
    meant = [
        item for item in found.items
        if query.bank in ("", item.bank) and (
            query.flag in ("", item.flag) or (query.flag == "odd" and item.flag in ("hard", "easy", "flat"))
            or (query.flag == "never" and not item.asked)
        )
    ]  # fmt: skip
    pages = max(1, -(-len(meant) // _ITEMS))
    page = min(query.page, pages)
    shown = {
        "items": tuple(meant[(page - 1) * _ITEMS : page * _ITEMS]), "total": len(meant), "bank": query.bank,
        "flag": query.flag, "page": page, "pages": pages,
    }  # fmt: skip
    return found.model_copy(update=shown)


@area.view(_ONE + "/offers", needs=Action.QUIZ_SEE, template="quizzes/offers.html")
async def offers(call: Call) -> Offers:
    """Members' own questions that wait for an operator."""
    found = _there(await call.ports.quizzes.offers(*_which(call)))
    may = call.may(Action.TASKS_DECIDE, group=call.params["group"], playbook=call.params["playbook"])
    return found.model_copy(update={"may_decide": may})


@area.act(_ONE + "/offers", needs=Action.TASKS_DECIDE)
async def decide(call: Call, body: Decision) -> Done:
    """Takes a member's question into the pool, or not."""
    group, play = _which(call)
    await call.ports.quizzes.decide(group, play, body, call.me.actor)
    return Done(said="decided", to=f"/quizzes/{quote(group)}/{quote(play)}/offers")


@area.file(_ONE + "/export", needs=Action.QUIZ_SEE)
async def export(call: Call, query: ExportQuery) -> Download:
    """The statistics of all questions, or the last session's ranking, as a table."""
    found = await call.ports.quizzes.table(*_which(call), query.what, query.format)
    if found is None:
        raise NotHere
    return Download(name=found.name, media_type=found.media_type, content=found.content)


def _which(call: Call) -> tuple[str, str]:
    params = call.params
    return params["group"], f"{params['playbook']}/{params['play']}"


def _there(found: V | None) -> V:
    if found is None:
        raise NotHere
    return found
