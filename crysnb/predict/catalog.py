"""The models that come with the package, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crysnb.values.property_spec import property_spec
from crysnb.weights import store
from crysnb.weights.card import ModelCard, figure, measured

if TYPE_CHECKING:
    import pandas as pd


def models() -> pd.DataFrame:
    """Shipped models: name, properties, unit, data, test error, licence; one row per model."""
    import pandas as pd

    rows = []
    for name in store.shipped():
        card = store.shipped_card(name)
        rows.append(
            {
                "name": name,
                "properties": ", ".join(card.properties),
                "unit": ", ".join(property_spec(p).unit for p in card.properties),
                "data": card.dataset.get("name", ""),
                "test error": _test_error(card),
                "licence": card.dataset.get("licence", ""),
            }
        )
    return pd.DataFrame(rows, columns=["name", "properties", "unit", "data", "test error", "licence"])


def _test_error(card: ModelCard) -> str:
    """Errors on the test part; where there are several properties, each with its name."""
    errors = []
    for name in card.properties:
        test = measured(card, "test", name)
        found = [f for m in ("rel_median", "fnorm_cart", "mae") if (f := figure(test, m))]
        if property_spec(name).tensor is None:
            found = found[-1:]
        title = f"{name} " if len(card.properties) > 1 else ""
        errors += [f"{title}{label} {value:.3g}" for label, value in found]
    return ", ".join(errors)
