"""The settings are safe by default, and each one stands in the handbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.transports.onebot11 import ForwardEndpoint, OneBotSettings

HANDBOOK = Path(__file__).parent.parent.parent / "docs" / "handbook" / "qq.md"


def rows() -> dict[str, str]:
    """Key → default, as the handbook's table says."""
    found: dict[str, str] = {}
    for keys, defaults in re.findall(r"^\| (`[a-z].*?) \| (.*?) \|", HANDBOOK.read_text(encoding="utf-8"), re.M):
        names = re.findall(r"`(\w+)`", keys)
        values = defaults.split(", ") if len(names) > 1 else [defaults]
        found |= dict(zip(names, (value.strip("`") for value in values), strict=True))
    return found


def shown(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return "空" if value in ("", ()) else str(value)


def test_every_setting_is_documented_with_its_default() -> None:
    """The table of the handbook has each setting and its default, and no other."""
    assert rows() == {name: shown(field.default) for name, field in OneBotSettings.model_fields.items()}


def test_every_field_says_what_it_is_in_both_languages() -> None:
    """Each setting has a description, Chinese and English."""
    for model in (OneBotSettings, ForwardEndpoint):
        for name, field in model.model_fields.items():
            assert re.fullmatch(r"[^·]*[一-鿿][^·]*· ?[ -~]+", field.description or ""), name


def test_typos_and_impossible_values_are_refused() -> None:
    """An unknown key, an address that is no WebSocket, a port out of range."""
    for wrong in ({"prot": 1}, {"port": 70_000}, {"forward": [{"url": "http://x"}]}, {"queue_limit": 0}):
        with pytest.raises(ValidationError):
            OneBotSettings.model_validate(wrong)


def test_tokens_stay_secret() -> None:
    """A token never shows in a log line or an error."""
    settings = OneBotSettings(token="geheim", forward=[{"url": "ws://x", "token": "auch"}])  # type: ignore[arg-type, list-item]
    assert "geheim" not in repr(settings)
    assert "auch" not in repr(settings)
