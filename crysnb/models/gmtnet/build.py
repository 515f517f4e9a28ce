"""Builds GMTNet from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.model import GMTNet


def build(config: dict[str, Any]) -> GMTNet:
    """An untrained GMTNet of the given configuration."""
    return GMTNet(GMTNetConfig.from_dict(config))
