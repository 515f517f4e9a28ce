"""``crysnb predict``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from crysnb.cli import console, text
from crysnb.errors import CrysnbError, DeviceMemory, UnknownName, WeightsMissing
from crysnb.units import display_unit

if TYPE_CHECKING:
    from crysnb.values.prediction import Prediction

#: Inputs that share one call of the model; results appear chunk by chunk.
CHUNK = 64
DEFAULT_MODEL = "gmtnet-dielectric"

Answer = list["Prediction"] | Exception


def predict(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Crystal files or bundled names.")],
    model: console.Model = DEFAULT_MODEL,
    property_name: Annotated[
        str | None,
        typer.Option("--property", "-p", metavar="P|all", help="Property; default: the model's first."),
    ] = None,
    idealize: Annotated[
        bool | None,
        typer.Option(
            "--idealize/--no-idealize", help="Predict for the idealised crystal. Default: for tensors only."
        ),
    ] = None,
    symprec: console.Symprec = "auto",
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where to compute.")] = "auto",
    as_json: console.Json = False,
) -> None:
    """Predict properties of crystals."""
    inputs = [console.source_of(word) for word in files]
    network = _load(model, device, inputs, as_json=as_json)
    options = {
        "property": property_name,
        "idealize": idealize,
        "symprec": console.tolerance_of(symprec),
        "device": device,
    }
    failed = False
    answers = _answers(network, [source for _, source in inputs], options)
    for (item_id, _), answer in zip(inputs, _progress(answers, len(inputs)), strict=True):
        if isinstance(answer, Exception):
            failed = True
            console.report_failure(item_id, answer, as_json=as_json)
            continue
        for prediction in answer:
            if as_json:
                console.emit(prediction.to_dict())
            else:
                typer.echo(describe(prediction) + "\n")
    raise typer.Exit(1 if failed else 0)


def _load(name: str, device: str, inputs: Sequence[tuple[str, Path | str]], *, as_json: bool) -> Any:
    from crysnb.models.interface import load_model

    try:
        return load_model(name, device=device)
    except (UnknownName, WeightsMissing, DeviceMemory) as error:
        option = "--device" if "device" in error.code else "--model"
        raise console.usage(error, option) from error
    except CrysnbError as error:
        # The name is right and the model is not usable: every input fails, each as its own object.
        for item_id, _ in inputs:
            console.report_failure(item_id, error, as_json=as_json)
        raise typer.Exit(1) from error


def _progress(answers: Iterator[Answer], total: int) -> Iterator[Answer]:
    if total <= CHUNK:
        return answers
    from tqdm import tqdm

    bar: Iterator[Answer] = iter(tqdm(answers, total=total, unit="crystal"))  # writes to stderr
    return bar


def _answers(network: Any, sources: Sequence[Path | str], options: dict[str, Any]) -> Iterator[Answer]:
    from crysnb.predict.run import predict as run

    for start in range(0, len(sources), CHUNK):
        chunk = list(sources[start : start + CHUNK])
        try:
            results = run(chunk, model=network, on_error="return", **options)
        except UnknownName as error:
            raise console.usage(error, "--property") from error
        except Exception as error:  # noqa: BLE001 - a fault of ours in one file must not cost the others
            results = [error] if len(chunk) == 1 else _one_by_one(network, chunk, options)
        yield from (_flat(result) for result in results)


def _one_by_one(network: Any, sources: Sequence[Path | str], options: dict[str, Any]) -> list[Any]:
    from crysnb.predict.run import predict as run

    results: list[Any] = []
    for source in sources:
        try:
            results += run([source], model=network, on_error="return", **options)
        except Exception as error:  # noqa: BLE001 - told as the failure of this input
            results.append(error)
    return results


def _flat(result: Any) -> Answer:
    """Predictions of one input: `--property all` gives several."""
    if isinstance(result, Exception):
        return result
    return list(result.values()) if isinstance(result, dict) else [result]


def describe(prediction: Prediction) -> str:
    """A prediction in words and numbers for people."""
    p, spec, s = prediction, prediction.spec, prediction.symmetry
    group = f"{s.symbol} ({s.number}), class {s.point_group}" if s else "symmetry not determined"
    unit = display_unit(p.unit)
    lines = [
        text.printable(f"{p.structure_id}: {p.formula}, {group}"),
        f"{spec.symbol} ({spec.name}){' in ' + unit if unit else ''} by {p.model}, frame {p.frame}",
    ]
    if spec.tensor is None:
        spread = f" ± {float(p.uncertainty):.2g}" if p.uncertainty is not None else ""
        lines.append(f"  {text.number(float(p.value))}{spread}{' ' + unit if unit else ''}")
    else:
        rows, columns = (text.axis_labels(n) for n in p.value.shape)
        lines.append(text.matrix(p.value, rows, columns))
        if p.value.shape == (3, 3):
            values = np.linalg.eigvalsh((p.value + p.value.T) / 2)
            lines.append("  eigenvalues  " + "  ".join(text.number(float(v)) for v in values))
    if spec.tensor is not None and p.uncertainty is not None:
        lines.append(
            f"  uncertainty  up to {float(p.uncertainty.max()):.2g}, calibrated on validation crystals"
        )
    if p.symmetry_residual is not None:
        lines.append(f"  symmetry residual before projection  {p.symmetry_residual:.2g}")
    lines += [f"  {n.severity}: {text.printable(n.text)} [{n.code}]" for n in p.notices]
    return "\n".join(lines)
