"""The vocabulary loads and the kinds of play are found."""

from bot.plays import all_plays


def test_every_play_is_found_under_its_own_kind() -> None:
    assert all(kind == play.kind for kind, play in all_plays().items())
