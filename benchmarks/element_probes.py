"""What tables of elements say of the periodic table: the shipped one, and controls on the same elements.

Ridge regression for the element that was left out (:mod:`crysnb.elements.probes`): R² of Pauling's
electronegativity and of the Mendeleev number, linear and with a Gaussian kernel. ``untrained`` is the same
layer of a network with random weights, ``shuffled`` the shipped table with its rows permuted; MEGNet's
table is read from the data folder, if it is there.
"""

from __future__ import annotations

import json

import numpy as np
import torch

from crysnb.elements.cluster import cluster_elements
from crysnb.elements.probes import probe
from crysnb.elements.table import element_table, element_tables
from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.values.element_table import ElementTable

TARGETS = ("X", "mendeleev")


def tables() -> dict[str, ElementTable]:
    """The shipped table and its controls, with the elements that all of them know."""
    shipped = element_table("ct-uae")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(0).get_state())
        untrained = CrystalTransformer(preset="small").element_embedding()
    rows = np.array([shipped[symbol] for symbol in shipped.seen])
    found = {
        "ct-uae": shipped,
        "untrained": untrained,
        "shuffled": ElementTable(np.random.default_rng(0).permutation(rows), shipped.seen, "shuffled"),
    }
    if "megnet16" in element_tables():
        found["megnet16"] = element_table("megnet16")
    common = [s for s in shipped.seen if all(s in table.seen for table in found.values())]
    return {name: table.select(common) for name, table in found.items()}


def main() -> None:
    """One JSON line for each table."""
    for name, table in tables().items():
        r2 = {
            f"r2_{target}{'_kernel' * kernel}": round(found.r2, 3)
            for kernel in (False, True)
            for target, found in probe(table, TARGETS, kernel=kernel, n_permutations=1).items()
        }
        groups = cluster_elements(table)
        print(
            json.dumps(
                {"table": name, "elements": len(table), **r2, "k": groups.k, "is_noise": groups.is_noise}
            )
        )


if __name__ == "__main__":
    main()
