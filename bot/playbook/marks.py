"""Finds what params mark as more than text: paths of files beside the playbook, and templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

from bot.core.units import AssetRef, TemplateText
from bot.playbook.nodes import Node
from bot.playbook.shape import Path

Mark: TypeAlias = AssetRef | TemplateText


def marks(params: BaseModel, path: Path = ()) -> Iterator[tuple[Path, str, Mark]]:
    """(path, text, mark) of every marked text in `params`, nested ones too."""
    for name, field in type(params).model_fields.items():
        here = (*path, field.alias or name)
        found = [mark for mark in field.metadata if isinstance(mark, AssetRef | TemplateText)]
        yield from _walk(field.annotation, found, getattr(params, name), here)


def _walk(annotation: Any, found: list[Mark], value: Any, path: Path) -> Iterator[tuple[Path, str, Mark]]:
    if value is None or isinstance(value, bool | int | float):
        return
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        found = [*found, *(mark for mark in metadata if isinstance(mark, AssetRef | TemplateText))]
        yield from _walk(inner, found, value, path)
    elif isinstance(value, str):
        if found:
            yield path, value, found[-1]
        elif get_origin(annotation) in (Union, UnionType):
            for mark in _marks_of(annotation)[:1]:
                yield path, value, mark
    elif isinstance(value, BaseModel):
        yield from marks(value, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(_item(annotation, Mapping), found, item, (*path, str(key)))
    elif isinstance(value, tuple | list | frozenset | set):
        for index, item in enumerate(value):
            yield from _walk(_item(annotation, list), found, item, (*path, index))


def _item(annotation: Any, kind: type) -> Any:
    """The annotation of what a container holds; `Any` when it says nothing."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _item(get_args(annotation)[0], kind)
    if origin in (Union, UnionType):
        for each in get_args(annotation):
            inner = get_origin(each)
            is_map = isinstance(inner, type) and issubclass(inner, Mapping)
            if inner not in (None, Annotated) and is_map == (kind is Mapping):
                return _item(each, kind)
        return Any
    args = [each for each in get_args(annotation) if each is not Ellipsis]
    return args[-1] if args else Any


@cache
def _marks_of(annotation: Any) -> tuple[Mark, ...]:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return tuple(mark for mark in metadata if isinstance(mark, AssetRef | TemplateText)) or _marks_of(inner)
    if get_origin(annotation) in (Union, UnionType):
        return tuple(mark for each in get_args(annotation) for mark in _marks_of(each))
    return ()


def written_marks(model: type[BaseModel], node: Node, path: Path = ()) -> Iterator[tuple[Path, str, Mark]]:
    """The same from the file alone: for params that did not validate. Finds nothing behind a shorthand."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        below = node.children.get(key)
        if below is not None:
            found = [mark for mark in field.metadata if isinstance(mark, AssetRef | TemplateText)]
            yield from _walk_written(field.annotation, found, below, (*path, key))


def _walk_written(annotation: Any, found: list[Mark], node: Node, path: Path) -> Iterator[tuple[Path, str, Mark]]:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        found = [*found, *(mark for mark in metadata if isinstance(mark, AssetRef | TemplateText))]
        yield from _walk_written(inner, found, node, path)
    elif node.kind == "text":
        for mark in (found or list(_marks_of(annotation)))[-1:]:
            yield path, node.value, mark
    elif node.kind == "list":
        for index, item in enumerate(node.elements):
            yield from _walk_written(_item(annotation, list), found, item, (*path, index))
    elif node.kind == "map":
        models = list(_models(annotation))
        if models:
            best = max(models, key=lambda each: len(set(each.model_fields) & set(node.children)))
            yield from written_marks(best, node, path)
        else:
            for key, item in node.children.items():
                yield from _walk_written(_item(annotation, Mapping), found, item, (*path, key))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated):
        for each in get_args(annotation):
            yield from _models(each)


@cache
def offered_names(model: type[BaseModel]) -> frozenset[str]:
    """Every variable that any template of this model may use: what a text file behind an `AssetPath` may use, too."""
    return frozenset(_names_below(model, set()))


def _names_below(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    if model in seen:
        return
    seen.add(model)
    for field in model.model_fields.values():
        for mark in field.metadata:
            if isinstance(mark, TemplateText):
                yield from mark.names
        yield from _names_in(field.annotation, seen)


def _names_in(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[str]:
    if isinstance(annotation, TemplateText):
        yield from annotation.names
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _names_below(annotation, seen)
    else:
        for each in get_args(annotation):
            yield from _names_in(each, seen)
