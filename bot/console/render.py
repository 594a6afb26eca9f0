"""Pages from view models: Jinja2 with autoescape for everything, and the few filters that pages need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from bot.console.assets import Assets
from bot.console.call import Call


class Renderer:
    """`templates` is the folder of the console's templates."""

    def __init__(self, templates: Path, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        self._environment.globals["static"] = assets.url
        self._environment.filters.update(
            when=_when, day=_day, clock=_clock, number=_number, span=_span, qr=_qr, marked=_marked
        )

    def __call__(self, template: str, call: Call, **data: Any) -> str:
        found = self._environment.get_template(template)
        return found.render(call=call, t=call.t, may=call.may, csrf=call.csrf, language=call.language, **data)


def _call(context: Context) -> Call:
    call = context["call"]
    assert isinstance(call, Call)
    return call


@pass_context
def _when(context: Context, at: datetime | None) -> Markup | str:
    """A moment as `<time>`: today only the clock, this year without the year."""
    if at is None:
        return "–"
    call = _call(context)
    local = at.astimezone(call.ports.zone)
    today = datetime.now(call.ports.zone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        text = clock
    elif local.date() == today - timedelta(days=1):
        text = f"{call.t('layout.yesterday')} {clock}"
    elif local.date() == today + timedelta(days=1):
        text = f"{call.t('layout.tomorrow')} {clock}"
    else:
        text = f"{_date(local, call)} {clock}" if local.year == today.year else f"{local:%Y-%m-%d} {clock}"
    stamp, full = local.isoformat(timespec="seconds"), f"{local:%Y-%m-%d %H:%M:%S}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, full, text)


@pass_context
def _day(context: Context, at: datetime) -> str:
    call = _call(context)
    return _date(at.astimezone(call.ports.zone), call)


@pass_context
def _clock(context: Context, at: datetime) -> str:
    return f"{at.astimezone(_call(context).ports.zone):%H:%M}"


def _date(local: datetime, call: Call) -> str:
    return call.t("layout.date", month=local.month, day=local.day, weekday=call.t(f"layout.weekday_{local.weekday()}"))


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


@pass_context
def _span(context: Context, seconds: float) -> str:
    """A length of time in its largest unit."""
    call = _call(context)
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size:
            return call.t(f"layout.{unit}", n=int(seconds // size))
    return call.t("layout.seconds", n=int(seconds))


def _qr(text: str) -> Markup:
    """The text as a QR code, drawn in SVG."""
    import segno  # drawn only while an account waits for its scan

    drawn: str = segno.make(text, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)  # made of numbers alone


def _marked(text: str, places: Sequence[tuple[int, int]]) -> Markup:
    """`text` with what stands at `places` (from, until) marked; all of it escaped."""
    found, at = Markup(), 0
    for begin, end in sorted(places):
        if at <= begin < end <= len(text):
            found += Markup("{}<mark>{}</mark>").format(text[at:begin], text[begin:end])
            at = end
    return found + text[at:]
