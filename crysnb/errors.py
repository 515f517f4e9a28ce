"""Every exception that crysnb raises on purpose.

Each error says *what was found; what is accepted; what to do next*, and carries a stable
``code`` such as ``structure.non_finite`` that programs may rely on.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MAX_QUOTED = 80


def quote(value: object) -> str:
    """Text from a user, made safe for a message: ``repr``, cut to 80 characters."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an integer of more digits than Python prints, an object's own mistake
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def sentences(*parts: str) -> str:
    """Parts of a message, each closed by one mark: its own question mark or ellipsis, or a full stop."""
    trimmed = [part.rstrip(" .:;,") for part in parts]
    return " ".join(part if part[-1] in "?!…" else f"{part}." for part in trimmed if part)


class CrysnbError(Exception):
    """Base of all crysnb errors.

    Parameters
    ----------
    code
        Stable dotted name of the fault, for example ``"structure.non_finite"``.
    found
        What was found. Pass user text through :func:`quote` first.
    accepted
        What is accepted instead; empty where the sentence would say nothing.
    action
        What to do next; empty where nothing can be done.
    """

    def __init__(self, code: str, *, found: str, accepted: str = "", action: str = "") -> None:
        self.code = code
        self.found = found
        self.accepted = accepted
        self.action = action
        super().__init__(code, found, accepted, action)

    @property
    def text(self) -> str:
        """The whole message without the code."""
        parts = [self.found, self.accepted and f"Accepted: {self.accepted}", self.action]
        return sentences(*parts)

    def __str__(self) -> str:
        return f"[{self.code}] {self.text}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default protocol between worker processes.
        return (_rebuild, (type(self), self.code, self.found, self.accepted, self.action))

    def to_dict(self) -> dict[str, str]:
        """``{"code": …, "text": …}``, the form used in JSON output."""
        return {"code": self.code, "text": self.text}


def _rebuild(cls: type[CrysnbError], code: str, found: str, accepted: str, action: str) -> CrysnbError:
    return cls(code, found=found, accepted=accepted, action=action)


class StructureError(CrysnbError):
    """A crystal structure was refused."""


class DisorderedStructure(StructureError):
    """Partial occupancies or mixed sites; they are never rounded silently."""


class SymmetryUndetermined(CrysnbError):
    """No space group could be found, or the operations are inconsistent."""


class OutOfDomain(CrysnbError):
    """The model has no trained knowledge of this input."""


class WeightsMissing(CrysnbError):
    """A weight file is not there."""


class WeightsCorrupt(CrysnbError):
    """A weight file or its card is not what the manifest promises."""


class DeviceMemory(CrysnbError):
    """The device ran out of memory even for one crystal at a time, or cannot be used."""


class ShapeError(CrysnbError):
    """An array has the wrong shape, dtype or values."""


class MissingExtra(CrysnbError, ImportError):
    """An optional dependency is not installed; the message names the extra."""

    @classmethod
    def notebook(cls, error: ImportError) -> MissingExtra:
        """Error for a view whose dependency ``error.name`` is not there."""
        return cls(
            "extra.notebook",
            found=f"the views need {error.name}, which is not installed",
            action="Install it with: pip install 'crysnb[notebook]'",
        )


class UnknownName(CrysnbError):
    """A name is not among the registered ones; the message suggests the nearest."""

    @classmethod
    def of(cls, what: str, name: object, known: Iterable[str]) -> UnknownName:
        """Error for an unknown ``what`` (for example ``"model"``), with the nearest known name."""
        options = sorted(known)
        near = difflib.get_close_matches(str(name), options, n=1, cutoff=0.4)
        return cls(
            f"name.unknown_{what.replace(' ', '_')}",
            found=f"unknown {what} {quote(name)}",
            accepted=", ".join(options) or "nothing is registered",
            action=f"Did you mean {near[0]!r}?" if near else "",
        )
