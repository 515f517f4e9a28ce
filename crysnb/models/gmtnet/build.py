"""Builds GMTNet and its ensembles from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.errors import ShapeError, quote
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.ensemble import GMTNetEnsemble


def build(config: dict[str, Any]) -> GMTNetEnsemble:
    """An untrained ensemble; ``config`` is that of a member plus ``members``, its number."""
    rest = dict(config)
    members = rest.pop("members", 1)
    if not isinstance(members, int) or isinstance(members, bool):
        raise ShapeError("config.range", found=f"members = {quote(members)}", accepted="a whole number")
    return GMTNetEnsemble(GMTNetConfig.from_dict(rest), members)
