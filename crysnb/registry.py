"""Named things with a helpful error for a name that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from crysnb.errors import CrysnbError, UnknownName, quote

T = TypeVar("T")


class Registry(Generic[T]):
    """Mapping of names to values of one kind.

    Parameters
    ----------
    what
        Singular noun used in messages, for example ``"model"``.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._items: dict[str, T] = {}

    def add(self, name: str, value: T) -> None:
        """Register ``value`` under ``name``; a second registration of a name is an error."""
        if name in self._items:
            raise CrysnbError(
                "name.taken",
                found=f"{self.what} {quote(name)} is registered already",
                action="Choose another name.",
            )
        self._items[name] = value

    def get(self, name: str) -> T:
        """Value registered under ``name``, or :class:`UnknownName` with the nearest name."""
        try:
            return self._items[name]
        except (KeyError, TypeError):
            raise UnknownName.of(self.what, name, self._items) from None

    def list(self) -> tuple[str, ...]:
        """Registered names in order of registration."""
        return tuple(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)
