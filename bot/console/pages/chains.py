"""接龙: every chain that is kept; one chain live, with payments, who has not, its history, and a table to take away."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Literal
from urllib.parse import quote

from pydantic import Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done, Download, Push
from bot.console.ports.chains import Chain, Chains, Format, Order

area = Area("chains", icon="chain", order=10, section="plays")

_ONE = "/chains/{group}/{playbook}/{play}/{chain:int}"


class ChainsQuery(Query):
    q: str = Field(default="", max_length=100)
    state: Literal["", "open", "closed"] = ""
    page: int = Field(default=1, ge=1, le=10_000)


class LiveQuery(Query):
    after: str = Field(default="", max_length=40)


class ExportQuery(Query):
    format: Format = "xlsx"


@area.view("/chains", needs=Action.CHAIN_SEE, template="chains/index.html", part="chains/list.html")
async def index(call: Call, query: ChainsQuery) -> Chains:
    """Every chain that is kept, open ones first."""
    return await call.ports.chains.chains(
        lambda group, playbook: call.may(Action.CHAIN_SEE, group=group, playbook=playbook), words=query.q,
        state=query.state, page=query.page,
    )  # fmt: skip


@area.view(_ONE, needs=Action.CHAIN_SEE, template="chains/chain.html")
async def chain(call: Call) -> Chain:
    """One chain: list, payments, who has not, history. Private answers only for who may change it."""
    return _pressed(await _chain(call))


@area.stream(_ONE + "/live", needs=Action.CHAIN_SEE)
async def live(call: Call, query: LiveQuery) -> AsyncIterator[Push | None]:
    """The whole chain, as soon as it is not what the page shows."""
    seen = call.request.headers.get("last-event-id", "") or query.after
    with call.hub.listening(call.stream_owner, call.params["group"]) as listener:
        yield None
        while not listener.is_closing:
            found = await _chain(call)
            if found.mark != seen:
                seen = found.mark
                yield Push("chain", _pressed(found), "chains/parts.html", id=seen)
            while not await listener.changed() and not listener.is_closing:
                yield None


@area.file(_ONE + "/export", needs=Action.CHAIN_SEE)
async def export(call: Call, query: ExportQuery) -> Download:
    """The list as a table; private columns only for who may change the chain."""
    found = await call.ports.chains.table(*_which(call), query.format, shows_private=_may_edit(call))
    if found is None:
        raise NotHere
    return Download(name=found.name, media_type=found.media_type, content=found.content)


@area.act(_ONE + "/order", needs=Action.CHAIN_EDIT)
async def order(call: Call, body: Order) -> Done:
    """Marks payments, undoes a step, reminds, closes, reopens or posts; the play does it."""
    await _chain(call)
    await call.ports.chains.order(*_which(call), body, call.me.actor)
    group, play, number = _which(call)
    here = "" if "hx-request" in call.request.headers else f"/chains/{quote(group)}/{quote(play)}/{number}"
    return Done(said=f"chain_{body.order}" if body.order != "pay" or body.paid else "chain_unpay", to=here)


def _which(call: Call) -> tuple[str, str, int]:
    params = call.params
    return params["group"], f"{params['playbook']}/{params['play']}", int(params["chain"])


def _may_edit(call: Call) -> bool:
    return call.may(Action.CHAIN_EDIT, group=call.params["group"], playbook=call.params["playbook"])


async def _chain(call: Call) -> Chain:
    found = await call.ports.chains.chain(*_which(call), shows_private=_may_edit(call))
    if found is None:
        raise NotHere
    found = found.model_copy(update={"may_edit": _may_edit(call)})
    return found.model_copy(update={"mark": blake2b(found.model_dump_json().encode(), digest_size=8).hexdigest()})


def _pressed(found: Chain) -> Chain:
    """With a key for the next order."""
    return found.model_copy(update={"key": secrets.token_hex(8)})
