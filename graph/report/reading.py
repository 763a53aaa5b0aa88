"""Files → objects: YAML of one or many documents, JSON, lists of any kind. The only place that knows PyYAML."""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from graph.errors import BadArgument

STDIN = "-"
_VISIBLE = re.compile(r"\S")
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""What a file may begin with; PowerShell writes UTF-16."""

if TYPE_CHECKING:
    from yaml import SafeLoader as _Base
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C library is not in every wheel


class _Loader(_Base):
    """Times stay texts, as in JSON: a manifest's are mostly not quoted."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def objects_of(names: Iterable[str]) -> list[Any]:
    """All objects of some files, directories and (``-``) of standard input; BadArgument where one is no such thing."""
    found: list[Any] = []
    for name in names:
        for shown, data in _contents(name):
            found += _read(shown, data)
    return found


def _contents(name: str) -> Iterator[tuple[str, bytes]]:
    """What is to be read for one argument, each with its name for messages."""
    try:
        if name == STDIN:
            yield "standard input", sys.stdin.buffer.read()
            return
        path = Path(name)
        if not path.is_dir():
            yield name, path.read_bytes()
            return
        files = sorted(one for one in path.iterdir() if one.suffix.lower() in _SUFFIXES and one.is_file())
        if not files:
            raise BadArgument(f"{name} holds no file that ends in .yaml, .yml or .json")
        for one in files:
            yield str(one), one.read_bytes()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadArgument(f"{name} cannot be read: {said}") from error


def _read(name: str, data: bytes) -> list[Any]:
    """The objects of one file; empty documents do not count."""
    try:
        encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
        text = data.decode(encoding)
        found = [item for document in _parsed(text) if document is not None for item in _items(document)]
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadArgument(f"{name} is neither YAML nor JSON: {_sentence(error)}") from error
    if not text.strip():
        raise BadArgument(f"{name} is empty")
    return found


def _parsed(text: str) -> list[Any]:
    """JSON where it is such, since that is many times as fast; all JSON is YAML otherwise."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return list(_json(text))
        except ValueError:
            pass  # YAML in its JSON-like form, or documents with dashes between them
    return list(yaml.load_all(text, Loader=_Loader))


def _json(text: str) -> Iterator[Any]:
    """Documents one after the other, as several runs of kubectl write them."""
    decoder, at = json.JSONDecoder(), 0
    while match := _VISIBLE.search(text, at):
        document, at = decoder.raw_decode(text, match.start())
        yield document


def _items(document: Any) -> Iterator[Any]:
    """The objects of a document: a List, a PodList whose items lack what the list says, an array, or one object."""
    if isinstance(document, list):
        for item in document:
            yield from _items(item)
        return
    kind = document.get("kind") if isinstance(document, dict) else None
    items = document.get("items") if isinstance(document, dict) else None
    if not (isinstance(kind, str) and kind.endswith("List") and isinstance(items, list)):
        yield document
        return
    told = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
    for item in items:
        lacks = isinstance(item, dict) and "kind" not in item and told["kind"]
        yield {**told, **item} if lacks else item


def _sentence(error: Exception) -> str:
    """The first line of what a parser says, with the place."""
    mark = getattr(error, "problem_mark", None)
    said = (getattr(error, "problem", None) or str(error) or type(error).__name__).partition("\n")[0]
    return f"{said}, line {mark.line + 1}" if mark is not None else said
