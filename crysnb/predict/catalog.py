"""The models that come with the package, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crysnb.values.property_spec import property_spec
from crysnb.weights import store
from crysnb.weights.card import figure

if TYPE_CHECKING:
    import pandas as pd


def models() -> pd.DataFrame:
    """Shipped models: name, properties, unit, data, test error, licence; one row per model."""
    import pandas as pd

    rows = []
    for name in store.shipped():
        card = store.shipped_card(name)
        test = card.metrics.get("test", {})
        rows.append(
            {
                "name": name,
                "properties": ", ".join(card.properties),
                "unit": ", ".join(property_spec(p).unit for p in card.properties),
                "data": card.dataset.get("name", ""),
                "test error": ", ".join(
                    f"{found[0]} {found[1]:.3g}"
                    for measure in ("rel_median", "fnorm_cart", "mae")
                    if (found := figure(test, measure))
                ),
                "licence": card.dataset.get("licence", ""),
            }
        )
    return pd.DataFrame(rows, columns=["name", "properties", "unit", "data", "test error", "licence"])
