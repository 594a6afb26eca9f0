"""Settings: what is wrong in them is said with its place, and never with a secret."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bot.config import load_settings
from bot.core.errors import ConfigMistake

SECRET = "s3cr3t-of-the-gateway"


@pytest.mark.parametrize(
    "written",
    [
        f"wechat: [{{endpoint: nowhere, token: {SECRET}}}]",
        f'wechat:\n  - endpoint: 127.0.0.1:8788\n    token: "{SECRET} 中文"',
        f"wechat:\n  - endpoint: 127.0.0.1:8788\n    token: [{SECRET}]",
        f"wechat: [{{endpoint: 127.0.0.1:8788, tokn: {SECRET}}}]",
        f'wechat:\n  - endpoint: 127.0.0.1:8788\n    token: "{SECRET}\n    tls: off',
        f"onebot: {{token: {SECRET}, portt: 1}}",
        f"database: {{url: postgresql://bot:{SECRET}@db/qunops}}",
    ],
    ids=["the line of another mistake", "not plain", "a list", "key misspelt", "quote not closed", "qq", "database"],
)
def test_no_excerpt_shows_a_secret(tmp_path: Path, written: str) -> None:
    """The line is shown with the secret as stars, the caret where the mistake is; the chain of causes hides nothing."""
    file = tmp_path / "config.yaml"
    file.write_text(f"{written}\n", "utf-8")
    with pytest.raises(ConfigMistake) as refused:
        load_settings(file, {})
    assert "***" in refused.value.message
    assert SECRET not in refused.value.message
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_secret_of_the_environment_is_not_repeated() -> None:
    """Without a file the values come from the environment, and stay there."""
    with pytest.raises(ConfigMistake) as refused:
        load_settings(None, {"QUNOPS_WECHAT_TOKEN": f"{SECRET} 中文", "QUNOPS_WECHAT_ENDPOINT": "nowhere"})
    said = "".join(traceback.format_exception(refused.value))
    assert "wechat.0.token" in said
    assert SECRET not in said
