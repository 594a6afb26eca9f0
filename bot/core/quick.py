"""Frozen dataclasses that are made thousands of times a second.

The `__init__` of a frozen dataclass sets each field by a call of `object.__setattr__`, which makes a message of sixteen
fields cost what decoding it does. Here the fields are set while the object is of a twin class with the same slots, where
setting is free; then it becomes what it is, as frozen as any other.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from types import new_class
from typing import Any, TypeVar

T = TypeVar("T")


def quick_init(cls: type[T]) -> type[T]:
    """`cls`, a dataclass with `frozen` and `slots` and without `__post_init__`, with an `__init__` that costs half. Worth
    it from six fields on."""
    settable = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    body = {"__slots__": cls.__dict__["__slots__"], **settable}
    twin = new_class(
        cls.__name__, getattr(cls, "__orig_bases__", cls.__bases__), exec_body=lambda own: own.update(body)
    )
    given: dict[str, Any] = {"_change": object.__setattr__, "_twin": twin, "_own": cls, "_MISSING": MISSING}
    positional, by_name = ["self"], list[str]()
    lines = ["_change(self, '__class__', _twin)"]
    for field in fields(cls):  # type: ignore[arg-type]  # a dataclass, says the docstring
        name, value = field.name, field.name
        parameter = name
        if field.default is not MISSING:
            given[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        elif field.default_factory is not MISSING:
            given[f"_make_{name}"] = field.default_factory
            parameter, value = f"{name}=_MISSING", f"_make_{name}() if {name} is _MISSING else {name}"
        (by_name if field.kw_only else positional).append(parameter)
        lines.append(f"self.{name} = {value}")
    lines.append("self.__class__ = _own")
    head = ", ".join([*positional, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({head}):\n  " + "\n  ".join(lines), given)
    made = given["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = cls.__init__.__annotations__
    cls.__init__ = made  # type: ignore[method-assign]
    return cls
