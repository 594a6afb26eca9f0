"""The settings are safe by default and say what they are."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from bot.transports.onebot11 import ForwardEndpoint, OneBotSettings


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
