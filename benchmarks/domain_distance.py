"""Is a crystal far from the training set predicted worse? The distance behind the notice ``domain.far``.

Over labelled crystals that it was not trained on: Spearman's rank correlation of the
relative error with the distance in feature space, and as controls with the ensemble's own uncertainty over
the norm and with the rarest element (minus its count in training); each with a bootstrap 95 % interval, and
the median error of the nearest and of the farthest quarter.

``val``: validation part of the model's own data set. For gmtnet-dielectric, where the distance was chosen on
it, two further sets. ``phonon``: training and
validation parts of mp_phonon_dielectric, trace/3 of ε∞ from another source, formulas that the training set
lacks. ``anisonet``: the same parts of anisonet_dielectric, picked for anisotropy. No test part is read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from crysnb.datasets.records import Record, data_folder, raw_records, read_split, select, to_record
from crysnb.errors import CrysnbError
from crysnb.evaluate.metrics import bootstrap
from crysnb.graph.build import build
from crysnb.models.interface import Model, load_model
from crysnb.predict.run import predict
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import property_spec
from crysnb.weights.reference import FEATURES

Array = NDArray[np.float64]

#: Model -> name of a further set -> folder, parts, key of the label, whether it is trace/3.
FURTHER = {
    "gmtnet-dielectric": {
        "phonon": ("mp_phonon_dielectric", ("train", "val"), "eps_electronic_iso", True),
        "anisonet": ("anisonet_dielectric", ("train", "val"), "eps", False),
    }
}


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="gmtnet-dielectric")
    name_of_model = parser.parse_args().model
    if not os.environ.get("CRYSNB_DATA"):
        sys.exit("CRYSNB_DATA is not set: no real data to measure on")
    model = load_model(name_of_model, "cpu")
    if model.reference is None:
        sys.exit(f"{name_of_model} has no reference of its training crystals")
    line: dict[str, Any] = {"benchmark": "domain_distance", "model": name_of_model}
    own = model.card.dataset["folder"]
    trained = _trained_formulas(own)
    sets = {"val": (own, ("val",), model.card.dataset["target"], False), **FURTHER.get(name_of_model, {})}
    for name, (folder, parts, key, is_trace) in sets.items():
        records, labels = [], []
        for record, label in _labelled(folder, parts, key, model):
            if folder == own or record.formula not in trained:
                records.append(record)
                labels.append(label)
        line[name] = _measure(model, records, labels, is_trace=is_trace)
    print(json.dumps(line))


def _measure(model: Model, records: list[Record], labels: list[Array], *, is_trace: bool) -> dict[str, Any]:
    final = predict([r.structure for r in records], model, on_error="return")
    good = [k for k, p in enumerate(final) if isinstance(p, Prediction) and np.isfinite(p.value).all()]
    kind = property_spec(model.properties[0]).tensor
    assert kind is not None  # noqa: S101 - for the type checker: these models predict tensors
    predicted = [_reduced(kind.cartesian(final[k].value), is_trace=is_trace) for k in good]
    true = [labels[k] if is_trace else kind.cartesian(labels[k]) for k in good]
    relative = np.array(
        [np.linalg.norm(p - t) / np.linalg.norm(t) for p, t in zip(predicted, true, strict=True)]
    )
    uncertainty = [
        np.linalg.norm(kind.cartesian(final[k].uncertainty)) / np.linalg.norm(kind.cartesian(final[k].value))
        for k in good
    ]
    counts = model.card.element_counts
    rarity = [-min(counts[str(e)] for e in records[k].structure.composition.elements) for k in good]
    scores = {
        "distance": _distances(model, [records[k] for k in good]),
        "uncertainty": np.array(uncertainty),
        "rarest_element": np.array(rarity, dtype=np.float64),
    }
    notices = [any(n.code == "domain.far" for n in final[k].notices) for k in good]
    return {
        "crystals": len(good),
        "rel_median": float(np.median(relative)),
        "told_far": float(np.mean(notices)),
        **{name: _against(score, relative) for name, score in scores.items()},
    }


def _against(score: Array, relative: Array) -> dict[str, Any]:
    order = np.argsort(score, kind="stable")
    quarter = len(order) // 4

    def rank(i: NDArray[np.intp]) -> dict[str, float]:
        return {"rank": float(spearmanr(score[i], relative[i]).statistic)}

    return {
        "spearman": rank(np.arange(len(score)))["rank"],
        "ci95": list(bootstrap(rank, len(score))["rank"]),
        "near_quarter_error": float(np.median(relative[order[:quarter]])),
        "far_quarter_error": float(np.median(relative[order[-quarter:]])),
    }


def _distances(model: Model, records: list[Record]) -> Array:
    """Distance of each crystal, from the cell that its prediction is for."""
    assert model.reference is not None  # noqa: S101 - checked by the caller
    found = []
    for record in records:
        ideal = idealized_primitive(record.structure, detect(record.structure))
        output = model.forward(build([ideal], model.cutoff))
        found.append(model.reference.distance(output[FEATURES][0].numpy()))
    return np.array(found)


def _reduced(value: Array, *, is_trace: bool) -> Array:
    return np.array(np.trace(value) / 3) if is_trace else value


def _labelled(folder: str, parts: tuple[str, ...], key: str, model: Model) -> Iterator[tuple[Record, Array]]:
    """Readable crystals of trained elements with the labels that training would have taken."""
    root = data_folder(folder)
    for part in parts:
        for raw in select(raw_records(root / "structures.jsonl.gz"), root / "split.json", part):
            label = raw["targets"].get(key)
            if label is None or not raw.get("symmetry_ok", True):
                continue
            if np.abs(label).max() >= model.card.dataset["max_entry"]:
                continue
            try:
                record = to_record(raw)
                detect(record.structure)
            except CrysnbError:
                continue
            if all(str(e) in model.card.element_counts for e in record.structure.composition.elements):
                yield record, np.array(label, dtype=np.float64)


def _trained_formulas(folder: str) -> set[str]:
    root = data_folder(folder)
    trained = set(read_split(root / "split.json")["train"])
    return {r["formula"] for r in raw_records(root / "structures.jsonl.gz") if r["id"] in trained}


if __name__ == "__main__":
    main()
