"""Freezing as a step of nbconvert: ``--Exporter.preprocessors=crysnb.widgets.freeze.FreezePreprocessor``."""

from __future__ import annotations

from typing import Any

from crysnb.errors import MissingExtra
from crysnb.widgets.freeze import freeze_notebook

try:
    from nbconvert.preprocessors import Preprocessor
except ImportError as _error:
    raise MissingExtra(
        "extra.notebook",
        found=f"converting notebooks needs {_error.name}, which is not installed",
        action="Install it with: pip install 'crysnb[notebook]'",
    ) from _error


class FreezePreprocessor(Preprocessor):
    """Drops live views and widget state before a notebook is converted; their pictures stay."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook without live views; the resources as they came."""
        freeze_notebook(nb)
        return nb, resources
