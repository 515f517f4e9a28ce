"""The page of results: what shipped models reach on the test parts, beside guesses and what others report.

``python -m crysnb.studies.results --measure`` evaluates the shipped models and the baselines of their recipes
and writes one JSON file each into ``docs/results``; names after it measure these models alone.
``python -m crysnb.studies.results`` writes ``docs/results.md`` from the files, without any data.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crysnb.datasets.records import data_folder, raw_records, select
from crysnb.evaluate.gauge import SUFFIX
from crysnb.evaluate.run import evaluate
from crysnb.files import write_whole
from crysnb.models.interface import Model, load_model
from crysnb.models.tensor_network import TensorEnsemble
from crysnb.studies import baselines
from crysnb.studies.literature import REPORTED, Reported
from crysnb.studies.paired import errors_of, paired
from crysnb.training.recipes import TENSOR_RECIPES, tensor_recipe
from crysnb.values.property_spec import property_spec
from crysnb.weights import store
from crysnb.weights.card import figure

Row = dict[str, Any]

#: Measure, heading, digits; those that no row has are left out.
COLUMNS = (
    ("rel_median", "rel_median", 3),
    ("aniso_rel_median", "aniso_rel_median", 3),
    ("ewt25", "EwT25", 1),
    ("ewt10", "EwT10", 1),
    ("ewt5", "EwT5", 1),
    ("fnorm_cart", "Fnorm", 2),
    ("k_vrh_mae", "K", 1),
    ("g_vrh_mae", "G", 1),
)
_SYMMETRY = (
    ("zero_success", "zeros", "{:.3f}"),
    ("dependent_success", "relations", "{:.3f}"),
    ("residual_raw_median", "raw residual, median", "{:.1e}"),
    ("residual_raw_max", "largest", "{:.1e}"),
    ("coverage68", "coverage", "{:.2f}"),
)
_INTRO = """# Results

What the shipped tensor models reach on the test parts of their data sets, beside guesses that need no
network. Written by `python -m crysnb.studies.results` from the files in [results](results), which
`python -m crysnb.studies.results --measure` writes again from the shipped weights and the data. `crysnb
evaluate NAME DATA.jsonl.gz --split split.json --part test` prints the same numbers.

`rel_median` is the median of ‖T̂ − T‖/‖T‖ in the Cartesian norm, `aniso_rel_median` the same for the
traceless part, EwT the percentage of crystals below 25, 10 and 5 %, Fnorm the mean of ‖T̂ − T‖, K and G
mean errors of the Voigt–Reuss–Hill moduli in GPa. Brackets hold bootstrap 95 % intervals over the
crystals. The guesses are isotropic (median of the training part; a random forest on composition and
volume per atom), for piezoelectric tensors zero and the mean tensor of the crystal class. Training
crystals and test crystals never share a reduced formula. Beside an ensemble stands what its networks reach
alone, as mean ± standard deviation over their seeds. `etgnn` and `megnet` are baselines that are trained by
the same command on the same crystals with the same loss ([what they are](training.md)); MEGNet's knows no
directions, so that its raw tensors break the symmetry.
"""
_GAUGE = """
Signs and axes of the labels are known only up to the normaliser of the point group: errors are minimised
over it.
"""
_SYMMETRY_INTRO = """## Symmetry and uncertainty

Shares of test crystals whose predicted tensor has every zero and every relation of its point group
*before* projection, for the crystal turned at random; ‖T − P T‖/‖T‖ of the raw output for the crystal
as stored; share of crystals with ‖error‖ ≤ ‖uncertainty‖, due 0.68.
"""
_OTHERS = """## Reported by others

On other data, other splits and partly other definitions: **not comparable with the tables above**, and
not measured by us. "As repeated by others": transcribed in later public work, the original table was
not seen. Fnorm is that of the printed matrix, in the property's unit.
"""


def measure(name: str, data: Path | None = None) -> Row:
    """Scores of a shipped model on the test part of its data set, and those of its recipe's baselines."""
    model = load_model(name, "cpu")
    card = model.card
    folder = data_folder(card.dataset["folder"], data)
    records = list(select(raw_records(folder / "structures.jsonl.gz"), folder / "split.json", "test"))
    found = evaluate(model, records)
    guesses = [json.loads(line) for line in baselines.lines(tensor_recipe(name), data, "test")]
    return {
        "property": card.properties[0],
        "dataset": card.dataset["name"],
        "licence": card.dataset["licence"],
        "weights_sha256": card.sha256,
        **found.to_dict(),
        "per_crystal": found.per_crystal,
        "members": [evaluate(one, records).metrics for one in members_of(model)],
        "baselines": {g["baseline"]: g["metrics"] for g in guesses},
    }


def members_of(model: Model) -> list[Model]:
    """Each network of an ensemble as a model of its own; none where there is one network."""
    network = model.network
    if not isinstance(network, TensorEnsemble) or len(network.members) == 1:
        return []
    alone = [TensorEnsemble(lambda _, m=member: m, network.config) for member in network.members]  # type: ignore[misc]
    return [replace(model, network=one.eval(), reference=None) for one in alone]


def read(folder: Path) -> list[Row]:
    """All result files of a folder, by the order of properties, of one property GMTNet's first."""
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    order = ("dielectric", "piezoelectric", "elastic")
    return sorted(rows, key=lambda row: (order.index(row["property"]), not _is_own(row), row["model"]))


def _is_own(row: Row) -> bool:
    return str(row["model"]).startswith("gmtnet")


def page(rows: Sequence[Row], reported: Sequence[Reported] = REPORTED) -> str:
    """The whole page as Markdown."""
    parts = [
        _INTRO,
        *(_section(row, [r for r in rows if _rivals(r, row)]) for row in rows if _is_own(row)),
        _SYMMETRY_INTRO,
        _symmetry(rows),
        _OTHERS,
        _others(reported),
    ]
    return "\n".join(parts)


def _rivals(other: Row, row: Row) -> bool:
    return other is not row and other["property"] == row["property"]


def _section(row: Row, others: Sequence[Row]) -> str:
    spec = property_spec(row["property"])
    suffix = SUFFIX if any(key.endswith(SUFFIX) for key in row["metrics"]) else ""
    used = [c for c in COLUMNS if c[0] + suffix in row["metrics"]]
    lines = [("", *(heading for _, heading, _ in used))]
    for name, metrics in row["baselines"].items():
        lines.append((name, *(_number(metrics.get(key + suffix), digits) for key, _, digits in used)))
    for one in (*others, row):
        lines += [_single(one, suffix, used)] if one.get("members") else []
        cells = [_with_interval(one, key + suffix, digits, bold=one is row) for key, _, digits in used]
        lines.append((f"`{one['model']}`", *cells))
    unit = "" if spec.unit == "1" else f", {spec.unit}"
    said = f"{row['dataset']} ({row['licence']}), {row['n']} test crystals"
    if row["skipped"]:
        said += "; left out: " + ", ".join(f"{code} {n}" for code, n in row["skipped"].items())
    heading = f"## {spec.name.capitalize()}{unit}"
    beside = "".join(_paired(row, other) for other in others)
    return f"{heading}\n\n{said}.\n{_GAUGE * bool(suffix)}\n{_table(lines)}{beside}"


def _single(row: Row, suffix: str, used: Sequence[tuple[str, str, int]]) -> tuple[str, ...]:
    """Mean and standard deviation over the networks of an ensemble, each scored alone."""
    cells = []
    for key, _, digits in used:
        values = [one[key + suffix] for one in row["members"] if key + suffix in one]
        spread = f" ± {_number(statistics.stdev(values), digits)}" if len(values) > 1 else ""
        cells.append(f"{_number(statistics.mean(values), digits)}{spread}" if values else "–")
    return (f"one network of `{row['model']}`, {len(row['members'])} seeds", *cells)


def _paired(row: Row, other: Row) -> str:
    """What a row gains over another one on the same crystals."""
    found = paired(errors_of(row["per_crystal"]), errors_of(other["per_crystal"]))
    said = []
    for key, title, digits in (("rel_median", "rel_median", 3), ("ewt25", "EwT25", 1), ("mean", "Fnorm", 2)):
        low, high = found["ci95"][key]
        said.append(
            f"{title} {found['difference'][key]:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
        )
    return (
        f"\n`{row['model']}` less `{other['model']}` on the same {found['n']} crystals, with paired "
        f"bootstrap 95 % intervals: {', '.join(said)}.\n"
    )


def _with_interval(row: Row, key: str, digits: int, *, bold: bool) -> str:
    if key not in row["metrics"]:
        return "–"
    low_high = row["ci95"].get(key)
    text = _number(row["metrics"][key], digits)
    text = f"**{text}**" if bold else text
    return (
        text
        if low_high is None
        else f"{text} ({_number(low_high[0], digits)}–{_number(low_high[1], digits)})"
    )


def _symmetry(rows: Sequence[Row]) -> str:
    lines = [("model", "n", *(heading for _, heading, _ in _SYMMETRY))]
    for row in rows:
        values = [(figure(row["metrics"], key), form) for key, _, form in _SYMMETRY]
        cells = (form.format(found[1]) if found else "–" for found, form in values)
        lines.append((f"`{row['model']}`", str(row["n"]), *cells))
    return _table(lines)


def _others(reported: Sequence[Reported]) -> str:
    def text(value: float | None) -> str:
        return "–" if value is None else f"{value:g}"

    lines = [("property", "model", "crystals", "Fnorm", "EwT25", "EwT10", "EwT5", "source")]
    lines += [
        (r.property, r.model, r.crystals, text(r.fnorm), text(r.ewt25), text(r.ewt10), text(r.ewt5), r.source)
        for r in reported
    ]
    return _table(lines)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _table(lines: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    return "\n".join([row(lines[0]), "|---" * len(lines[0]) + "|", *map(row, lines[1:])]) + "\n"


def _models(names: Sequence[str]) -> Iterator[str]:
    known = [name for name in store.shipped() if name in TENSOR_RECIPES]
    yield from (name for name in known if not names or name in names)


def main(say: Callable[[str], object] = sys.stdout.write) -> None:
    """Parse the command line; measure, or write the page."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.results", description=__doc__)
    parser.add_argument("--measure", nargs="*", metavar="MODEL")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    folder = arguments.docs / "results"
    if arguments.measure is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _models(arguments.measure):
            text = json.dumps(measure(name, arguments.data)) + "\n"
            write_whole(folder / f"{name}.json", text.encode(), overwrite=True)
            say(f"{folder / name}.json\n")
    target = arguments.docs / "results.md"
    write_whole(target, page(read(folder)).encode(), overwrite=True)
    say(f"{target}\n")


if __name__ == "__main__":
    main()
