"""Strict YAML: plain mappings, lists and text; errors name the line.

Every scalar stays text, which the schema converts later, so that ``no`` is not False and ``1.10``
keeps its zero. Anchors, aliases, tags, repeated keys, deep nesting and long files are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from riskscore.errors import ModelFormatError
from riskscore.files.inputs import read_text

SIZE_LIMIT = 2 * 1024 * 1024
DEPTH_LIMIT = 12
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Document:
    """A parsed file: its content, and the line number of each part."""

    name: str
    content: Any
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def line(self, path: tuple[str | int, ...]) -> int:
        """The line of a part, or of the nearest part that contains it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, message: str, path: tuple[str | int, ...] = ()) -> ModelFormatError:
        return ModelFormatError(message, where=f"{self.name}, line {self.line(path)}")


def read_yaml(path: Path) -> Document:
    """Read a YAML file whose top is a mapping. Raises ModelFormatError naming file and line."""
    return parse_yaml(read_text(path, limit=SIZE_LIMIT), path.name)


def parse_yaml(text: str, name: str) -> Document:
    r"""Parse YAML text.

    >>> parse_yaml("a: no\nb: [1.10]", "x.yaml").content
    {'a': 'no', 'b': ['1.10']}
    >>> parse_yaml("a: 1\na: 2", "x.yaml")
    Traceback (most recent call last):
    riskscore.errors.ModelFormatError: the key 'a' occurs twice (x.yaml, line 2)
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if getattr(event, "anchor", None):
                raise _at(event, "anchors and aliases are not allowed", name)
            if tag := getattr(event, "tag", None):
                raise _at(event, f"the tag {tag} is not allowed", name)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEPTH_LIMIT:
                raise _at(event, f"nested deeper than {DEPTH_LIMIT} levels", name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not YAML"
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark else 1
        raise ModelFormatError(f"{problem}", where=f"{name}, line {line}") from error
    document = Document(name, None)
    if not isinstance(node, yaml.MappingNode):
        raise document.error("a mapping of keys is expected")
    document.content = _plain(node, (), document)
    return document


def to_yaml(content: Mapping[str, Any]) -> str:
    """Plain mappings, lists, text and numbers as the text of a YAML file.

    >>> print(to_yaml({"name": "yes", "share": 0.5}), end="")
    name: 'yes'
    share: 0.5
    """
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)


def _at(event: Any, message: str, name: str) -> ModelFormatError:
    return ModelFormatError(message, where=f"{name}, line {event.start_mark.line + 1}")


def _plain(node: Any, path: tuple[str | int, ...], document: Document) -> Any:
    """A node as plain Python values; its line is stored."""
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), document) for i, item in enumerate(node.value)]
    result: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise document.error("a key must be text", path)
        here = (*path, key.value)
        document.lines[here] = key.start_mark.line + 1
        if key.value in result:
            raise document.error(f"the key {key.value!r} occurs twice", here)
        result[key.value] = _plain(value, here, document)
        document.lines[here] = key.start_mark.line + 1
    return result
