"""Size of the quickstart as JupyterLab saves it after a run (budget 500 kB), and after ``crysnb freeze``.

The peer of the same run is the notebook with its widget state, as ``jupyter nbconvert --execute`` stores it.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from crysnb.widgets.freeze import freeze

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "00_quickstart.ipynb"
BUDGET = 500_000
SECONDS = 300


def main() -> None:
    """Print one JSON line."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's transport
        NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", store_widget_state=True).execute()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nbformat.write(notebook, folder / "state.ipynb")  # type: ignore[no-untyped-call]
        notebook.metadata.pop("widgets", None)
        nbformat.write(notebook, folder / "saved.ipynb")  # type: ignore[no-untyped-call]
        done = freeze(folder / "state.ipynb", folder / "frozen.ipynb")
        sizes = {path.stem: path.stat().st_size for path in folder.glob("*.ipynb")}
    print(
        json.dumps(
            {
                "benchmark": "saved_notebook",
                "notebook": NOTEBOOK.name,
                "bytes_saved": sizes["saved"],
                "bytes_frozen": sizes["frozen"],
                "budget_bytes": BUDGET,
                "within_budget": sizes["saved"] <= BUDGET and done.pictures == done.views,
                "views": done.views,
                "pictures": done.pictures,
                "peer": "the same with widget state",
                "peer_bytes": sizes["state"],
            }
        )
    )


if __name__ == "__main__":
    main()
