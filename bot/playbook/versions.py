"""A play's version: a hash of all that it does; its definition as JSON, so that a run in flight can outlive a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bot.core.errors import ConfigMistake
from bot.core.play import Play
from bot.core.units import AssetParser, format_duration, parse_clock, parse_duration, parse_window
from bot.playbook.assets import Asset, parse_asset
from bot.playbook.header import Head, Relay
from bot.playbook.model import ActivePlay, Header, RelayRule

_NOT_COVERED = frozenset(("name", "metric"))


def header_document(head: Head) -> dict[str, Any]:
    """The part of the head that plays can see, as JSON values."""
    relay = head.relay if isinstance(head.relay, Relay) else Relay() if head.relay else None
    spans = {"gather": format_duration(relay.gather), "within": format_duration(relay.within)} if relay else {}
    # Only where it is used: a key more would be a new version of every play there is.
    extra = {"relay": spans} if spans else {}
    return {
        **extra,
        "playbook": head.playbook,
        "title": head.title,
        "timezone": str(head.timezone),
        "day_starts": f"{head.day_starts:%H:%M}",
        "quiet_hours": str(head.quiet_hours) if head.quiet_hours else None,
        "vars": head.vars,
        "operators": sorted(head.operators),
        "roles": {role: sorted(uids) for role, uids in head.roles.items()},
    }


def header_of(document: Mapping[str, Any]) -> Header:
    """The reverse of `header_document`."""
    quiet, relay = document["quiet_hours"], document.get("relay")
    return Header(
        playbook=document["playbook"],
        title=document["title"],
        zone=ZoneInfo(document["timezone"]),
        day_starts=parse_clock(document["day_starts"]) if document["day_starts"] else time(0),
        quiet_hours=parse_window(quiet) if quiet else None,
        vars=document["vars"],
        relay=RelayRule(parse_duration(relay["gather"]), parse_duration(relay["within"])) if relay else None,
        operators=frozenset(document["operators"]),
        roles={role: frozenset(uids) for role, uids in document["roles"].items()},
    )


def activate(
    name: str,
    play: Play[Any, Any],
    params: Any,
    written: Mapping[str, Any],
    header: Header,
    head: Mapping[str, Any],
    assets: Mapping[str, Asset],
    metric: str = "",
) -> ActivePlay:
    """The play with its version. `written` are the params as plain YAML values, `head` the header document."""
    definition = {
        "name": name,
        "kind": play.kind,
        "play_version": play.version,
        "metric": metric,
        "params": dict(written),
        "header": dict(head),
        "assets": {
            path: {"kind": each.kind, "file": each.file, "text": each.text} for path, each in sorted(assets.items())
        },
    }
    return ActivePlay(
        name=name,
        play=play,
        params=params,
        version=version_of(definition),
        header=header,
        assets={path: each.value for path, each in assets.items()},
        definition=definition,
        metric=metric,
    )


def version_of(definition: Mapping[str, Any]) -> str:
    """12 hex digits over everything that the play can see."""
    covered = {key: value for key, value in definition.items() if key not in _NOT_COVERED}
    text = json.dumps(covered, ensure_ascii=False, separators=(",", ":"), default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def dump_play(active: ActivePlay) -> str:
    """The definition as JSON text: keep it as long as a run is pinned to it."""
    return json.dumps(dict(active.definition), ensure_ascii=False, separators=(",", ":"), default=str)


def restore_play(
    text: str, kinds: Mapping[str, Play[Any, Any]], parsers: Mapping[str, AssetParser] | None = None
) -> ActivePlay:
    """The play that `dump_play` wrote, with the same version as long as the kind's own version is the same.

    Raises `ConfigMistake` when the kind is gone or no longer takes these params.
    """
    document = json.loads(text)
    play = kinds.get(document["kind"])
    if play is None:
        raise ConfigMistake(f"没有玩法 {document['kind']} · the kind is gone: {document['kind']}", code="PB208")
    try:
        params = play.Params.model_validate(document["params"])
    except ValidationError as error:
        message = f"旧版本的设置已不能用 · the pinned version no longer fits: {error.errors()[0]['msg']}"
        raise ConfigMistake(message, code="PB207") from error
    assets = {
        path: Asset(
            path,
            each["file"],
            each["kind"],
            each["text"],
            parse_asset(parsers or {}, each["kind"], each["file"], each["text"])[0],
        )
        for path, each in document["assets"].items()
    }
    return activate(
        document["name"],
        play,
        params,
        document["params"],
        header_of(document["header"]),
        document["header"],
        assets,
        document["metric"],
    )
