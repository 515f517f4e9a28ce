"""CIF text to blocks of plain strings: a linear-time reader of the syntax, without any meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from crysnb.errors import StructureError, quote

_SPACE = re.compile(r"\s")
_NEW_LINE = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class Block:
    """One data block: names are lower case with "." written as "_", values are strings as given."""

    name: str
    items: dict[str, list[str]] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)

    def column(self, *names: str) -> list[str] | None:
        """Values of the first of ``names`` that is present, else None."""
        for name in names:
            if name in self.twice:
                raise syntax(f"{name} is given twice in block {quote(self.name)}")
            if name in self.items:
                return self.items[name]
        return None

    def value(self, *names: str) -> str | None:
        """The only value of the first of ``names`` that holds one; ``?`` and ``.`` count as absent."""
        for name in names:
            values = self.column(name)
            if values and len(values) == 1 and values[0] not in ("?", "."):
                return values[0]
        return None


def syntax(found: str, line: int | None = None) -> StructureError:
    """The error for text that is not CIF."""
    return StructureError(
        "structure.syntax",
        found=f"{found}{f' (line {line})' if line else ''}",
        accepted="CIF as the International Union of Crystallography defines it",
    )


def split_lines(text: str) -> list[str]:
    """Lines as editors count them; unlike ``str.splitlines`` no exotic separators."""
    return _NEW_LINE.split(text)


def blocks(lines: list[str]) -> list[Block]:
    """Data blocks of a CIF.

    Raises
    ------
    StructureError
        ``structure.syntax`` with the line number.
    """
    out: list[Block] = []
    tokens = _Tokens(lines)
    for kind, text, line in tokens:
        lowered = text.lower() if kind == "word" else ""
        if lowered.startswith("data_"):
            out.append(Block(text[5:]))
        elif lowered in ("loop_", "stop_", "global_") or lowered.startswith(("save_", "_")):
            if not out:
                raise syntax(f"{quote(text)} stands before the first data block", line)
            if lowered == "loop_":
                _read_loop(tokens, out[-1], line)
            elif lowered.startswith("_"):
                _read_item(tokens, out[-1], text, line)
            else:
                raise syntax(f"{quote(text)} is not part of a crystal structure", line)
        else:
            raise syntax(f"{quote(text)} stands where a data name is expected", line)
    return out


def _store(block: Block, name: str, values: list[str]) -> None:
    key = name.lower().replace(".", "_")
    if key in block.items:
        block.twice.add(key)
    block.items[key] = values


def _is_keyword(kind: str, text: str) -> bool:
    return kind == "word" and text.lower().startswith(("data_", "loop_", "save_", "global_", "stop_", "_"))


def _read_item(tokens: _Tokens, block: Block, name: str, line: int) -> None:
    following = tokens.peek()
    if following is None or _is_keyword(*following[:2]):
        raise syntax(f"{quote(name)} has no value", line)
    _store(block, name, [next(tokens)[1]])


def _read_loop(tokens: _Tokens, block: Block, line: int) -> None:
    names: list[str] = []
    values: list[str] = []
    while (following := tokens.peek()) and following[0] == "word" and following[1].startswith("_"):
        names.append(next(tokens)[1])
    while (following := tokens.peek()) and not _is_keyword(*following[:2]):
        values.append(next(tokens)[1])
    if not names or len(values) % len(names):
        raise syntax(f"a loop of {len(names)} columns holds {len(values)} values", line)
    for k, name in enumerate(names):
        _store(block, name, values[k :: len(names)])


class _Tokens(Iterator[tuple[str, str, int]]):
    """Stream of ``(kind, text, line)`` with one token of look-ahead; kind is "word" or "text"."""

    def __init__(self, lines: list[str]) -> None:
        self._stream = _scan(lines)
        self._ahead: tuple[str, str, int] | None = None

    def __next__(self) -> tuple[str, str, int]:
        if self._ahead is not None:
            token, self._ahead = self._ahead, None
            return token
        return next(self._stream)

    def peek(self) -> tuple[str, str, int] | None:
        """Next token without taking it, or None at the end."""
        if self._ahead is None:
            self._ahead = next(self._stream, None)
        return self._ahead


def _scan(lines: list[str]) -> Iterator[tuple[str, str, int]]:
    field_lines: list[str] | None = None
    begun = 0
    for count, full_line in enumerate(lines, 1):
        line = full_line
        if line.startswith(";"):
            if field_lines is None:
                field_lines, begun = [line[1:]], count
                continue
            yield "text", "\n".join(field_lines), begun
            field_lines, line = None, line[1:]
        if field_lines is not None:
            field_lines.append(line)
            continue
        yield from _scan_line(line, count)
    if field_lines is not None:
        raise syntax("a text field is opened with ';' and never closed", begun)


def _scan_line(line: str, count: int) -> Iterator[tuple[str, str, int]]:
    position, end = 0, len(line)
    while True:
        while position < end and line[position].isspace():
            position += 1
        if position >= end or line[position] == "#":
            return
        if line[position] in "'\"":
            close = _closing_quote(line, position, count)
            yield "text", line[position + 1 : close], count
            position = close + 1
        else:
            space = _SPACE.search(line, position)
            stop = space.start() if space else end
            yield "word", line[position:stop], count
            position = stop


def _closing_quote(line: str, opening: int, count: int) -> int:
    """Index of the quote that closes: the first one followed by white space or the end of the line."""
    close = line.find(line[opening], opening + 1)
    while close >= 0:
        if close + 1 == len(line) or line[close + 1].isspace():
            return close
        close = line.find(line[opening], close + 1)
    # Refusing at once keeps the scan linear: nothing after an open quote is looked at again.
    raise syntax("a quote is never closed", count)
