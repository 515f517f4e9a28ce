"""``crysnb warmup``: everything that a first notebook needs, once: compiled, and known to work."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

import typer

from crysnb.cli import console
from crysnb.errors import CrysnbError

CRYSTAL = "quartz"


def warmup(as_json: console.Json = False) -> None:
    """Import everything once, predict and draw: for the build of an image, as in binder/postBuild.

    Python then has its compiled modules, and an installation that does not work is seen at once.
    """
    steps: dict[str, Callable[[], object]] = {"models": _models, "tensors": _tensors}
    if importlib.util.find_spec("anywidget") is not None:
        steps["views"] = _views
    failed = False
    for name, step in steps.items():
        start = time.perf_counter()
        try:
            step()
        except Exception as error:  # noqa: BLE001 - one that fails is told, the others are tried
            failed = True
            console.report_failure(name, error, as_json=as_json)
            continue
        seconds = round(time.perf_counter() - start, 2)
        if as_json:
            console.emit({"id": name, "seconds": seconds})
        else:
            typer.echo(f"{name}: {seconds} s")
    raise typer.Exit(1 if failed else 0)


def _models() -> None:
    from crysnb.models.interface import load_model
    from crysnb.predict.run import predict
    from crysnb.weights import store

    for name in store.shipped():
        predict(CRYSTAL, model=load_model(name, device="cpu"))


def _tensors() -> None:
    from crysnb.tensors.form import tensor_form

    form = tensor_form(CRYSTAL, "elastic")
    if not form.relations:
        raise CrysnbError("warmup.tensors", found=f"no relation in the elastic tensor of {CRYSTAL}")


def _views() -> None:
    from crysnb.tensors.form import tensor_form
    from crysnb.widgets.structure_view import show
    from crysnb.widgets.tensor_view import nye

    for view in (show(CRYSTAL), nye(tensor_form(CRYSTAL, "elastic"), CRYSTAL)):
        view.to_png()
        view.close()
