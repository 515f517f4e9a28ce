"""Lets a subpackage and the public function of the same name share one attribute of ``crysnb``.

``cn.predict(...)`` is a function, and ``crysnb.predict`` is a package. Python sets the attribute to
the package on import, so the package itself is made callable and forwards to the function; both
``cn.predict(...)`` and ``from crysnb.predict.run import …`` keep working in any order. (Recent versions of
lazy-loader put the function in the package's place, so ``import crysnb.predict.run as r`` may fail: write
``from crysnb.predict import run``.)
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """A package that forwards calls to the function named in ``_target``."""

    _target: tuple[str, str]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the public function of the same name."""
        return self._function()(*args, **kwargs)

    def _function(self) -> Any:
        module, function = self._target
        return getattr(importlib.import_module(module), function)

    @property
    def __wrapped__(self) -> Any:
        # inspect.signature and help() follow this to the real signature.
        return self._function()

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes receive the function by name.
        return (importlib.import_module, (self.__name__,))


def make_callable(package: str, module: str, function: str) -> None:
    """Make the imported ``package`` forward calls to ``function`` of ``module``."""
    this = sys.modules[package]
    this.__class__ = CallableModule
    this._target = (module, function)  # type: ignore[attr-defined]  # noqa: SLF001 - our own class
