"""Every protection of the fault rows: what it is, how to take it out, which test must then fail.

A removal replaces text of one source file as that file is imported, so the tests run against the product
without this protection; nothing on disk changes. The text must occur exactly once: a protection that moved is
not lost in silence. ``remove_protections.py`` takes them out one by one. Of the browser half (TypeScript) a
copy is changed, and its unit tests run there.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "crysnb"
FRONT = HERE.parents[1] / "widgets"
#: Name of the protection that child processes of a test shall do without.
VARIABLE = "CRYSNB_TEST_WITHOUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """One protection of a row.

    ``old`` and ``new`` are text of ``file`` (below ``crysnb/``, or ``widgets/src/`` for TypeScript); with
    ``function`` instead, the body of that function becomes ``return <new>``. ``test`` is a file of this
    folder, or of ``widgets/test/``, perhaps with ``::`` and part of a name.
    """

    row: str
    what: str
    file: str
    test: str
    old: str = ""
    new: str = "()"
    function: str = ""
    fast: bool = False

    @property
    def name(self) -> str:
        return f"{self.row}: {self.what}"

    @property
    def module(self) -> str:
        return "crysnb." + self.file.removesuffix(".py").replace("/", ".")

    @property
    def in_browser(self) -> bool:
        """Whether it belongs to the browser half."""
        return self.file.endswith(".ts")

    @property
    def path(self) -> Path:
        return FRONT / "src" / self.file if self.in_browser else PACKAGE / self.file

    @property
    def test_path(self) -> Path:
        file = self.test.partition("::")[0]
        return (FRONT / "test" if self.in_browser else HERE) / file

    def source(self) -> str:
        """The file without the protection."""
        text = self.path.read_text(encoding="utf-8")
        if self.function:
            return _without_body(text, self.function, self.new)
        if text.count(self.old) != 1:
            raise LookupError(f"{self.name}: its text occurs {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def _without_body(text: str, function: str, gives: str) -> str:
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.name == function]
    if len(nodes) != 1:
        raise LookupError(f"{len(nodes)} functions called {function}")
    first, last = nodes[0].body[0], nodes[0].body[-1]
    lines = text.splitlines()
    lines[first.lineno - 1 : last.end_lineno] = [" " * first.col_offset + f"return {gives}"]
    return "\n".join(lines) + "\n"


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the changed text instead of reading the file or its cache."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, protection: Protection) -> None:
        self._module, self._text = protection.module, protection.source()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(name, spec.origin, self._text)
        return spec


def install(name: str) -> None:
    """Take the protection out of everything that is imported from now on, here and in child processes."""
    loaded = [m for m in sys.modules if m == "crysnb" or m.startswith("crysnb.")]
    assert not loaded, f"too late: {loaded[0]} is imported"
    protection = next(p for p in PROTECTIONS if p.name == name)
    sys.meta_path.insert(0, _Finder(protection))
    os.environ[VARIABLE] = name


def install_from_environment() -> None:
    """What ``install`` did in the parent process, if it did."""
    if name := os.environ.get(VARIABLE):
        install(name)


def _rule(
    row: str, what: str, function: str, test: str, file: str = "structure/check.py", **more: Any
) -> Protection:
    return Protection(row=row, what=what, file=file, function=function, test=test, **more)


def _text(row: str, what: str, file: str, old: str, new: str, test: str, **more: Any) -> Protection:
    return Protection(row=row, what=what, file=file, old=old, new=new, test=test, **more)


_REMARKS = "structure/remarks.py"
_SANITY, _MEMORY, _RUN = "predict/sanity.py", "predict/memory.py", "predict/run.py"
_STORE, _CARD, _LOADING = "weights/store.py", "weights/card.py", "models/interface.py"
_M3, _M4 = "test_m3_invalid_output.py", "test_m4_changed_weights.py"
_M9, _M10 = "test_m9_out_of_memory.py", "test_m10_lost_device.py"
_FETCH, _PARTIAL, _M6 = "weights/fetch.py", "weights/partial.py", "test_m6_interrupted_download.py"
_BASE, _WORKER, _PANEL = "widgets/base.py", "widgets/worker.py", "widgets/prediction_panel.py"
_ASKING = "widgets/asking_view.py"
_CHECKPOINT, _FOLDER = "training/checkpoint.py", "training/folder.py"
_M7, _M8 = "test_m7_killed_training.py", "test_m8_two_runs.py"
_MESSAGES, _FAULTS, _FILES = "widgets/messages.py", "widgets/faults.py", "files.py"
_T_WORKER, _T_PANEL = "../widgets/test_worker.py", "../widgets/test_prediction_panel.py"
_T_FAULTS = "../widgets/test_faults.py"
_T_NYE = "../widgets/test_nye_options.py"

PROTECTIONS: tuple[Protection, ...] = (
    # ---- structure files
    _text(
        "S1",
        "escaping of text in HTML",
        "widgets/html.py",
        "return html.escape(",
        "return str(",
        "test_s1_views.py",
    ),
    _text(
        "S1",
        "markup cannot end a script",
        "widgets/html.py",
        '.replace("<", "\\\\u003c")',
        "",
        "test_s1_views.py",
    ),
    _rule(
        "S2",
        "list of operations must be a group",
        "refuse_non_group",
        "test_s2_code.py",
        "structure/symop.py",
    ),
    _text(
        "S2",
        "length of an operation",
        "structure/symop.py",
        "len(text) > _LONGEST or ",
        "",
        "test_s2_code.py",
    ),
    _rule("S3", "size of a text", "text_size", "test_s3_size.py"),
    _rule("S3", "number of lines", "line_count", "test_s3_size.py"),
    _rule("S3", "sites times operations", "expansion", "test_s3_size.py"),
    _rule("S3", "number of sites", "site_count", "test_s3_size.py"),
    _rule("S3", "lengths of the cell", "cell_size", "test_s3_size.py"),
    _rule("S4", "finite numbers, before parsing ends", "finite", "test_s4_non_finite.py"),
    _rule("S4", "positions far away", "coordinate_range", "test_s4_non_finite.py"),
    _rule("S5", "negative lengths", "negative_length", "test_s5_volume.py"),
    _rule("S5", "angles that no cell has", "cell_angles", "test_s5_volume.py"),
    _rule("S5", "volume and height", "cell_volume", "test_s5_volume.py"),
    _rule("S6", "overlapping atoms", "overlap", "test_s6_overlap.py"),
    _rule("S7", "partial occupancy", "full_occupancy", "test_s7_disorder.py"),
    _rule("S8", "symbols of text and structure agree", "symbols_agree", "test_s8_elements.py"),
    _rule("S9", "notice of isotopes", "isotopes", "test_s9_isotopes.py", _REMARKS),
    _rule("S10", "POSCAR without symbols", "missing_symbols", "test_s10_missing_symbols.py"),
    _rule("S11", "empty and binary content", "text_bytes", "test_s11_not_a_structure.py"),
    _rule("S11", "several structures in a text", "several", "test_s11_not_a_structure.py"),
    _text(
        "S11",
        "panics that are no Exception",
        "structure/read.py",
        "except BaseException as exc:",
        "except Exception as exc:",
        "test_s11_not_a_structure.py::test_what_is_not_derived",
    ),
    _rule("S12", "notice of odd units", "units", "test_s12_units.py", _REMARKS),
    _rule("S13", "notice of vacuum", "vacuum", "test_s13_vacuum.py", _REMARKS),
    # ---- symmetry
    _text(
        "Y1",
        "failure of the search is an absent answer",
        "symmetry/search.py",
        "except _SpglibError:",
        "except ZeroDivisionError:",
        "test_y1_undetermined.py",
    ),
    _text(
        "Y1",
        "an absent answer is an error",
        "symmetry/detect.py",
        "if not trials.number(used):",
        "if False:",
        "test_y1_undetermined.py",
    ),
    _text(
        "Y1",
        "prediction without symmetry",
        _RUN,
        'if error.code == "symmetry.symprec":',
        "if True:",
        "test_y1_undetermined.py::test_prediction_still_runs",
    ),
    _text(
        "Y1",
        "the tensor view says not determined",
        "widgets/nye_state.py",
        '"space group", "not determined"',
        '"space group", "P1"',
        "test_y1_undetermined.py::test_views",
    ),
    _text(
        "Y1",
        "the command line says not determined",
        "cli/predict.py",
        '"symmetry not determined"',
        '"P1"',
        "test_y1_undetermined.py::test_the_command_line",
    ),
    _text(
        "Y2",
        "sweep of the tolerance",
        "predict/stamp.py",
        "(*swept, *symmetry.candidates)",
        "symmetry.candidates",
        "test_y2_tolerance.py",
    ),
    _text(
        "Y2",
        "notice of the tolerance",
        _RUN,
        "notices += tolerance_notices(",
        "_ = tolerance_notices(",
        "test_y2_tolerance.py",
    ),
    _text(
        "Y3",
        "a symmetry is a group",
        "values/symmetry_info.py",
        "if not (orthogonal and is_closed(r)):",
        "if False:",
        "test_y3_broken_group.py::test_such_a_symmetry",
        fast=True,
    ),
    _text(
        "Y3",
        "missing products are refused",
        "symmetry/group_table.py",
        "if np.abs(products - flat[table]).max() > 1e-6:",
        "if False:",
        "test_y3_broken_group.py",
    ),
    _text(
        "Y3",
        "operations that are not orthogonal are refused",
        "symmetry/group_table.py",
        "if np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() > 1e-6:",
        "if False:",
        "test_y3_broken_group.py",
    ),
    _text(
        "Y3",
        "a projection that moves far is refused",
        _SANITY,
        "if removed <= MAX_REMOVED:",
        "if True:",
        "test_y3_broken_group.py",
    ),
    _text(
        "Y3",
        "the residual stands beside the value",
        _RUN,
        "broken = share_removed(",
        "broken = 0 * share_removed(",
        "test_y3_broken_group.py",
    ),
    _text(
        "Y4",
        "lattice vectors are columns",
        "symmetry/detect.py",
        "given = cell.lattice.T",
        "given = cell.lattice",
        "test_y4_settings.py",
    ),
    _text(
        "Y4",
        "operations follow the choice of axes",
        "symmetry/detect.py",
        "np.linalg.inv(nearest_axes(change, int(found.hall_number)))",
        "np.linalg.inv(change).T",
        "test_y4_settings.py",
    ),
    _text(
        "Y4",
        "axes are the own ones unless asked",
        "tensors/form.py",
        'frame: str = "own", symprec',
        'frame: str = "ieee", symprec',
        "test_y4_settings.py",
    ),
    # ---- models and weights
    _text(
        "M1",
        "untrained elements",
        "predict/domain.py",
        "if unknown:",
        "if False:",
        "test_m1_untrained_element.py",
    ),
    _text(
        "M1",
        "elements without features",
        _LOADING,
        "if strange := sorted(",
        "if strange := [] and sorted(",
        "test_m1_untrained_element.py",
    ),
    _text(
        "M1",
        "no atom within reach",
        "predict/reach.py",
        "if not seen:",
        "if False:",
        "test_m1_untrained_element.py",
    ),
    _text(
        "M2",
        "notice of rare elements",
        "predict/domain.py",
        "if not rare:",
        "if True:",
        "test_m2_rare_element.py",
    ),
    _text(
        "M3",
        "notice of NaN",
        _SANITY,
        "if all(output is None or np.isfinite(output).all() for output in outputs):",
        "if True:",
        _M3,
        fast=True,
    ),
    _text("M3", "notice of values no material has", _SANITY, "if not finding.passed", "if False", _M3),
    _text("M3", "notice of broken index symmetry", _SANITY, "if broken > MAX_ASYMMETRY:", "if False:", _M3),
    _text(
        "M3",
        "evaluation skips what is not finite",
        "evaluate/run.py",
        "elif not np.isfinite(p.value).all():",
        "elif False:",
        f"{_M3}::test_evaluate",
    ),
    _text(
        "M4",
        "hash before parse",
        _STORE,
        "if hashlib.sha256(content).hexdigest() != sha256:",
        "if False:",
        _M4,
        fast=True,
    ),
    _text(
        "M4",
        "card of a shipped model answers to the manifest",
        _STORE,
        "ModelCard.from_json(_checked(folder / CARD, promised[CARD]))",
        "ModelCard.from_json(_read(folder / CARD))",
        "../weights/test_store.py::test_a_changed_card",
    ),
    _text(
        "M4",
        "errors of the parser",
        _STORE,
        "except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError, OverflowError) as error:",
        "except ZeroDivisionError as error:",
        f"{_M4}::test_a_forged_file",
    ),
    _text(
        "M4",
        "finite weights",
        _STORE,
        "tensor.is_floating_point() and not torch",
        "False and not torch",
        f"{_M4}::test_a_forged_file",
    ),
    _text(
        "M4",
        "dtype of weights",
        _STORE,
        "if tensor.dtype not in _DTYPES:",
        "if False:",
        f"{_M4}::test_a_forged_file",
    ),
    _text(
        "M4",
        "names and shapes of weights",
        _LOADING,
        "    if wrong:\n",
        "    if False:\n",
        f"{_M4}::test_weights_of",
    ),
    _text(
        "M4",
        "duplicate keys in a card",
        "files.py",
        "if len(found) != len(pairs):",
        "if False:",
        f"{_M4}::test_a_forged_card",
    ),
    _text(
        "M4",
        "depth of a card",
        "files.py",
        "if _depth(data) > depth:",
        "if False:",
        f"{_M4}::test_a_forged_card",
    ),
    _text(
        "M4",
        "numbers in a card",
        _CARD,
        "for holder, key in _OPTIONAL_NUMBERS:",
        "for holder, key in ():",
        f"{_M4}::test_a_forged_card",
    ),
    _text(
        "M5",
        "pickles by content",
        _STORE,
        'if content[8:9] != b"{" and',
        "if False and",
        "test_m5_pickle.py",
        fast=True,
    ),
    _text(
        "M5",
        "pickles by name",
        _STORE,
        "folder.suffix.lower() in _PICKLE_SUFFIXES and",
        "False and",
        "test_m5_pickle.py",
    ),
    _text(
        "M5",
        "a header that looks like a pickle",
        _STORE,
        'content[8:9] != b"{" and ',
        "",
        "test_m5_pickle.py",
    ),
    _text(
        "M6",
        "the hash",
        _FETCH,
        "        if not partial.complete:\n            partial.d",
        "        if False:\n            partial.d",
        _M6,
        fast=True,
    ),
    _text(
        "M6",
        "the hidden name until it is whole",
        _PARTIAL,
        'hidden = f".{self.target.name[:100]}.{self.sha256[:16]}.part"',
        "hidden = self.target.name",
        _M6,
    ),
    _text("M6", "going on where it stopped", _FETCH, 'headers["Range"] =', "_ =", _M6),
    _text(
        "M6",
        "starting again after a wrong beginning",
        _FETCH,
        "if partial.complete or not resumed:",
        "if True:",
        _M6,
    ),
    _text("M6", "the size limit", _FETCH, "    if total > limit:", "    if False:", _M6),
    _text(
        "M6",
        "the promised size",
        _FETCH,
        "    if size is not None:\n        partial.discard()",
        "    if False:\n        partial.discard()",
        _M6,
    ),
    _text("M6", "the wait for data", _FETCH, ".open(request, timeout=timeout)", ".open(request)", _M6),
    _text("M6", "the slowest rate", _FETCH, "if elapsed > timeout and", "if False and", _M6),
    _text("M6", "https alone", _FETCH, 'not (parts.scheme == "https" or plain)', "False", _M6),
    _text(
        "M6", "the address of a redirect", _FETCH, "            _check_url(newurl)", "            pass", _M6
    ),
    _text("M6", "the offline switch", _FETCH, "    if is_offline():", "    if False:", _M6),
    _text(
        "M6",
        "a file of another content",
        _PARTIAL,
        '    raise CrysnbError(\n        "download.other_file",',
        '    return False\n    raise CrysnbError(\n        "download.other_file",',
        _M6,
    ),
    _text(
        "M6",
        "the number of redirects",
        _FETCH,
        "    max_redirections = _REDIRECTS\n    max_repeats = _REDIRECTS\n",
        "",
        _M6,
    ),
    _text(
        "M6",
        "room on a full disk",
        _PARTIAL,
        "            self.discard()\n            _no",
        "            _no",
        _M6,
    ),
    _text(
        "M7",
        "a checkpoint is written beside",
        _CHECKPOINT,
        "temporary = folder /",
        "temporary = final or",
        f"{_M7}::test_killed_while",
    ),
    _text(
        "M7",
        "hash of a checkpoint",
        _CHECKPOINT,
        ', str(state.get("sha256"))',
        "",
        f"{_M7}::test_a_checkpoint_that_was",
    ),
    _text(
        "M7",
        "the checkpoint before",
        _CHECKPOINT,
        "_KEPT = 2",
        "_KEPT = 1",
        f"{_M7}::test_a_checkpoint_that_was",
    ),
    _text(
        "M7",
        "pointer to the last checkpoint",
        _CHECKPOINT,
        "[p for p in complete if p.name <= str(name)] or complete",
        "complete",
        f"{_M7}::test_a_checkpoint_that_the_pointer",
    ),
    _text(
        "M7",
        "recipe of a checkpoint",
        _CHECKPOINT,
        "if found.recipe_hash != recipe_hash:",
        "if False:",
        f"{_M7}::test_a_checkpoint_of_another",
    ),
    _text(
        "M7",
        "state of the optimiser",
        "training/stage.py",
        'self.optimiser.load_state_dict({**whole, "state": states})',
        "pass",
        f"{_M7}::test_killed_at_a_few",
    ),
    _text("M8", "lock", _FOLDER, "not _lock(lock) or ", "", f"{_M8}::test_within_one"),
    _text(
        "M8",
        "lock of another machine",
        _FOLDER,
        'holder["host"] != here',
        "False",
        f"{_M8}::test_a_lock_of_another",
    ),
    _text(
        "M8",
        "a run in the folder",
        _FOLDER,
        "if started and not resume:",
        "if False:",
        f"{_M8}::test_a_folder_with",
        fast=True,
    ),
    _text("M8", "recipe of the run", _FOLDER, "if then != now:", "if False:", f"{_M8}::test_another_recipe"),
    _text(
        "M8",
        "crystals of the run",
        _FOLDER,
        "if _read(file) != now:",
        "if False:",
        f"{_M8}::test_other_crystals",
    ),
    _text("M9", "halving of the batch", _MEMORY, "        if len(graphs) > 1:\n", "        if False:\n", _M9),
    _text(
        "M9",
        "the CPU for one crystal",
        _MEMORY,
        '        if model.device.type != "cpu":\n',
        "        if False:\n",
        _M9,
    ),
    _text(
        "M9",
        "an error of ours at last",
        _MEMORY,
        "return [_no_memory(graphs[0])]",
        "raise MemoryError",
        _M9,
        fast=True,
    ),
    _text(
        "M9",
        "leaving the except block",
        _MEMORY,
        "except (RuntimeError, MemoryError) as error:\n",
        "except (RuntimeError, MemoryError) as error:\n        chunks.__dict__[error] = 0\n",
        f"{_M9}::test_the_failed",
    ),
    _text(
        "M9",
        "freeing the cache",
        _MEMORY,
        "        torch.cuda.empty_cache()\n",
        "        pass\n",
        f"{_M9}::test_the_cache",
    ),
    _text("M9", "notice of what ran where", _MEMORY, "        if not why:\n", "        if True:\n", _M9),
    _text(
        "M9",
        "a move that takes no memory here",
        _LOADING,
        "copy.deepcopy(network, there)",
        "copy.deepcopy(network)",
        f"{_M9}::test_a_copy",
    ),
    _text(
        "M10",
        "a lost GPU is told from other errors",
        _MEMORY,
        "or not _DEVICE_LOST.search(str(error)):",
        "or True:",
        _M10,
    ),
    _text(
        "M10",
        "other errors are no lost GPU",
        _MEMORY,
        "or not _DEVICE_LOST.search(str(error)):",
        "or False:",
        _M10,
    ),
    _text(
        "M10", "a named device is an error", _MEMORY, "        if self.named:\n", "        if False:\n", _M10
    ),
    _text("M10", "weights from the file", _MEMORY, "self.on_cpu() if self.on_cpu else", "", _M10),
    _text(
        "M10",
        "a driver that raises",
        _LOADING,
        "        except (RuntimeError, AssertionError) as error:\n            _FAULT",
        "        except ZeroDivisionError as error:\n            _FAULT",
        _M10,
    ),
    _text("M10", "a driver that warns", _LOADING, "    if said:\n", "    if False:\n", _M10),
    _text("M10", "notice that the GPU cannot be used", _RUN, "    if not reason:\n", "    if True:\n", _M10),
    _text(
        "M10",
        "weights that do not get onto the GPU",
        _LOADING,
        'if device != "auto" or target.type == "cpu":',
        "if True:",
        _M10,
    ),
    _text(
        "M10",
        "a device that holds no numbers",
        _LOADING,
        "torch.zeros(1, device=target).cpu()",
        "torch.zeros(1, device=target)",
        _M10,
    ),
    # ---- views
    _text(
        "W1",
        "a burst waits for quiet",
        _WORKER,
        "now + self._pause if is_burst else now",
        "now",
        f"{_T_WORKER}::test_w1",
    ),
    _text(
        "W1",
        "results that nobody waits for are dropped",
        _WORKER,
        "        if not is_wanted:\n            return",
        "        if False:\n            return",
        f"{_T_WORKER}::test_two_never_run",
    ),
    _text(
        "W1",
        "a newer wish stops the running work",
        _WORKER,
        "self._running._stop.set()",
        "pass",
        f"{_T_WORKER}::test_a_newer_request",
    ),
    _text(
        "W1",
        "the panel drops what it no longer waits for",
        _ASKING,
        "is_wanted = self._number == number",
        "is_wanted = True",
        f"{_T_PANEL}::test_a_result_that_comes_after",
    ),
    _text(
        "W1",
        "messages of a slider go through the worker",
        _ASKING,
        "self._number = self._worker.submit(self._request(), at_once=at_once)",
        "self._number = self._worker.submit(self._request(), at_once=True)",
        "test_w1_flood.py",
    ),
    _text(
        "W1",
        "the slider waits for a quiet moment",
        "prediction_controls.ts",
        "this.pause = setTimeout(now, PAUSE_MS)",
        "this.send()",
        "prediction_view.test.ts::send one message for a thousand",
    ),
    _text(
        "W2",
        "an error of a callback is shown",
        _BASE,
        "self._callback_failed = True\n            self.show_error(error)",
        "raise",
        "test_w2_failing_callback.py",
    ),
    _text(
        "W2",
        "no traceback in the browser",
        _FAULTS,
        'text = f"{type(error).__name__}: {error}"',
        "text = report_of(error)",
        "test_w2_failing_callback.py",
    ),
    _text(
        "W2",
        "no path in the line",
        _FAULTS,
        'return _cut(f"[{error.code}] {text}", _MAX_LINE)\n    name = type(error).__name__',
        'return _cut(f"[{error.code}] {text}", _MAX_LINE)\n    name = report_of(error)',
        "test_w2_failing_callback.py",
        fast=True,
    ),
    _text(
        "W2",
        "the message goes when the callback works again",
        _BASE,
        "            if self._callback_failed:\n",
        "            if False:\n",
        "test_w2_failing_callback.py",
    ),
    _text(
        "W2",
        "an error of the work is handed on",
        _WORKER,
        "except Exception as caught:",
        "except ZeroDivisionError as caught:",
        f"{_T_WORKER}::test_w2",
    ),
    _text(
        "W2",
        "a callback of the panel is guarded",
        _PANEL,
        "except Exception as error:  # noqa: BLE001 - of a user, so",
        "except MemoryError as error:  # noqa: BLE001 - of a user, so",
        f"{_T_PANEL}::test_a_follower",
    ),
    _text(
        "W2",
        "a result that cannot be drawn",
        _ASKING,
        "    @faults.shows_errors\n",
        "",
        "test_w2_failing_callback.py::test_a_fault_while",
    ),
    _text(
        "W2",
        "a fault in an event handler is reported",
        "view.ts",
        "state.report(error instanceof",
        "void (error instanceof",
        "view.test.ts::refuses a certainty",
    ),
    _text(
        "W2",
        "the line of an error is shown",
        "panel.ts",
        'line.hidden = state.message === "";',
        "line.hidden = true;",
        "view.test.ts::shows status and message",
    ),
    _text(
        "W3",
        "text beside the live view",
        "widgets/structure_view.py",
        'return {**(data or {}), "text/plain": repr(self)}',
        "return {**(data or {})}",
        "test_w3_stale_view.py",
    ),
    _text(
        "W3",
        "the picture as a second output",
        _BASE,
        'if self.fallback == "none":',
        "if True:",
        "test_w3_stale_view.py",
    ),
    _text(
        "W3",
        "a saved state is not running",
        _BASE,
        '            "status": "idle",\n',
        '            "status": self.status,\n',
        "test_w3_stale_view.py",
    ),
    _text(
        "W3",
        "an offline page has no controls",
        _PANEL,
        "state = self._state(has_controls=False)",
        "state = self._state()",
        "test_w3_stale_view.py",
    ),
    _text(
        "W3",
        "a host that throws",
        "model.ts",
        "for (const callback of this.mourners) callback();",
        "throw new Error();",
        "prediction_view.test.ts::is drawn even where",
    ),
    _text(
        "W3",
        "the end of the kernel is heard",
        "model.ts",
        'this.listen(["comm_live_update"], signal, callback);',
        "",
        "prediction_view.test.ts::disables the controls",
    ),
    _text(
        "W3",
        "controls of a lost kernel",
        "prediction_view.ts",
        "controls.disable();",
        "",
        "prediction_view.test.ts::disables the controls",
    ),
    _text(
        "W3",
        "the word about a lost kernel",
        "panel.ts",
        'context.root.toggleAttribute("data-dead", true)',
        "undefined",
        "view.test.ts::shows status and message",
    ),
    _text(
        "W3",
        "the drop zone of a lost kernel",
        "upload.ts",
        'control.setAttribute("disabled", "")',
        "void control",
        "upload.test.ts::disables its controls",
    ),
    _text(
        "W3",
        "the picture comes back",
        "fallback.ts",
        'area?.querySelectorAll<HTMLElement>("[data-cn-hidden]") ?? []',
        "[] as HTMLElement[]",
        "view.test.ts::comes back after it",
    ),
    _text(
        "W4",
        "size of a state",
        _MESSAGES,
        "not isinstance(state, dict) or not fits(state)",
        "not isinstance(state, dict)",
        "test_w4_malformed_messages.py::test_more_than",
    ),
    _text(
        "W4",
        "names of traits",
        _MESSAGES,
        "if k in checks and checks[k](v)",
        "if k not in checks or checks[k](v)",
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "types of what is selected",
        _MESSAGES,
        "all(type(v) is int and 0 <= v < MAX_SITE for v in value)",
        "all(isinstance(v, int) for v in value)",
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "range of what is selected",
        _BASE,
        "if known is not None and any(_hashable(v) not in known",
        "if known is None and any(_hashable(v) not in known",
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "what is dropped is counted",
        _BASE,
        "self.n_dropped += dropped",
        "pass",
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "unknown events are counted",
        _BASE,
        "        if event is None:\n            self.n_dropped += 1",
        "        if event is None:\n            pass",
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "length of a report",
        _MESSAGES,
        "text[:MAX_ERROR_TEXT]",
        "text",
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "number of reports",
        _BASE,
        '[*self.js_errors, event["text"]][-_MAX_ERRORS:]',
        '[*self.js_errors, event["text"]]',
        "test_w4_malformed_messages.py",
    ),
    _text(
        "W4",
        "options one by one",
        _BASE,
        'kept, lost = admit_state(accepted.pop("options"), checks)',
        'kept, lost = accepted.pop("options"), 0',
        f"{_T_FAULTS}::test_w4",
    ),
    _text(
        "W4",
        "options that go together",
        _BASE,
        "self.settled({**self.options, **kept}, kept)",
        "{**self.options, **kept}",
        f"{_T_NYE}::test_a_bad_option_is_our_error_and_changes_nothing",
    ),
    _text(
        "W4",
        "a tolerance where the symmetry can be looked for",
        "widgets/tensor_view.py",
        "(choices.has_tolerances and _is_symprec(v))",
        "_is_symprec(v)",
        f"{_T_NYE}::test_what_has_its_symmetry_already_takes_no_tolerance",
    ),
    _rule(
        "W4",
        "announced files",
        "admits_file",
        "../widgets/test_upload.py::test_malformed",
        "widgets/upload_files.py",
        new="True",
    ),
    _text(
        "W4",
        "messages between views",
        "selection.ts",
        "value.filter(ITEM[kind])",
        "value",
        "view.test.ts::survive whatever",
    ),
    _text(
        "W5",
        "a closed view leaves the registry",
        _BASE,
        "        super().close()\n        self.layout.close()",
        "        self.layout.close()",
        "test_w5_leaks.py::story",
    ),
    _text(
        "W5",
        "layouts are closed",
        _BASE,
        "        self.layout.close()  # ipywidgets leaves it open\n",
        "",
        "test_w5_leaks.py::two_hundred_times and story",
    ),
    _text(
        "W5",
        "a closed view holds no data",
        _BASE,
        'self.set_trait("data", {})',
        "pass",
        "test_w5_leaks.py::holds_nothing",
    ),
    _text(
        "W5",
        "a closed view holds no observers",
        _BASE,
        "        self.unobserve_all()\n",
        "",
        "test_w5_leaks.py::holds_nothing",
    ),
    _text(
        "W5",
        "a closed panel forgets callbacks",
        _PANEL,
        "        self._callbacks.clear()\n",
        "",
        "test_w5_leaks.py::holds_nothing and panel",
    ),
    _text(
        "W5",
        "the worker holds the panel weakly",
        _ASKING,
        "_in_worker(work), weakref.ref(self), pause",
        "_in_worker(work), lambda: self, pause",
        f"{_T_PANEL}::test_w5_a_panel",
    ),
    _text(
        "W5",
        "the thread of a panel ends",
        _WORKER,
        "self._thread = None\n                self._changed.notify_all()\n                return None",
        "self._changed.wait()",
        f"{_T_WORKER}::test_no_thread_is_left",
    ),
    _text(
        "W5",
        "parts of nglview",
        "widgets/ngl.py",
        "    for part in parts:\n        close_whole(part)",
        "    close_whole(view)",
        "test_w5_leaks.py::two_hundred_times and structure",
    ),
    _text(
        "W5",
        "tabs of an explanation",
        "widgets/explain.py",
        "            tab.close()\n",
        "            pass\n",
        "test_w5_leaks.py::two_hundred_times and explain",
    ),
    _text(
        "W5",
        "a session holds its views weakly",
        "widgets/session.py",
        "self._views: weakref.WeakSet[Member] = weakref.WeakSet()",
        "self._views: set[Member] = set()",
        "../widgets/test_session.py::test_a_session_keeps",
    ),
    _text(
        "W5",
        "listeners in the page",
        "index.ts",
        "    controller.abort();\n",
        "",
        "view.test.ts::leaves nothing behind",
    ),
    _text(
        "W6",
        "size of what is sent",
        _BASE,
        "(size := n_bytes(value)) > MAX_SENT_BYTES",
        "(size := n_bytes(value)) < 0",
        "test_w6_payload.py",
        fast=True,
    ),
    _text(
        "W6",
        "bytes, not characters",
        _MESSAGES,
        'separators=(",", ":")).encode("utf-8", "replace"))\n\n\ndef fits',
        'separators=(",", ":")))\n\n\ndef fits',
        "test_w6_payload.py",
    ),
    _text(
        "W6",
        "a giant file stays in the page",
        "upload.ts",
        "file.size <= max_bytes ? await bytesOf(file) : null",
        "await bytesOf(file)",
        "upload.test.ts::sends of a giant file",
    ),
    _text(
        "W7",
        "a view without nglview",
        "widgets/structure_view.py",
        "except MissingExtra as error:",
        "except ZeroDivisionError as error:",
        "test_w7_blocked_scripts.py",
    ),
    _text(
        "W7",
        "a page has the picture",
        "widgets/html.py",
        'if picture else ""\n    return (',
        'if not picture else ""\n    return (',
        "test_w7_blocked_scripts.py",
    ),
    _text(
        "W7",
        "a page has the numbers",
        "widgets/html.py",
        "{escape(section.caption)}</summary>{facts}",
        "{escape(section.caption)}</summary>",
        "test_w7_blocked_scripts.py",
    ),
    _text(
        "W7",
        "a still picture without WebGL",
        "structure_view.ts",
        'data.engine === "nglview" && hasWebGL()',
        'data.engine === "nglview"',
        "view.test.ts::where WebGL is blocked",
    ),
    _text(
        "W8",
        "a trait that the page misses",
        _BASE,
        'details = traitlets.Unicode("").tag(sync=True)',
        'details = traitlets.Unicode("")',
        "test_w8_traits.py",
    ),
    _text(
        "W8",
        "a trait that no page reads",
        _BASE,
        "n_dropped = traitlets.Int(0)",
        "n_dropped = traitlets.Int(0).tag(sync=True)",
        "test_w8_traits.py",
    ),
    _text(
        "W9",
        "text that looks like a formula",
        _FILES,
        "if text.lstrip().startswith(_FORMULA) else text",
        "if False else text",
        "test_w9_export.py",
        fast=True,
    ),
    _text(
        "W9",
        "spaces before a formula",
        _FILES,
        "text.lstrip().startswith(_FORMULA)",
        "text.startswith(_FORMULA)",
        "test_w9_export.py",
    ),
    _text(
        "W9",
        "control characters in a table",
        _FILES,
        '_CONTROL.sub(" ", str(value))',
        "str(value)",
        "test_w9_export.py",
    ),
    _text(
        "W9",
        "columns of another separator",
        _FILES,
        "csv.writer(out, quoting=csv.QUOTE_ALL)",
        "csv.writer(out)",
        "test_w9_export.py",
    ),
    _text(
        "W9",
        "names of files",
        _FILES,
        're.sub(r"[^A-Za-z0-9]+", "-", word).strip("-")',
        "word",
        "test_w9_export.py",
    ),
)
#: Rows of the fault table that this registry covers.
ROWS = (
    *(f"S{k}" for k in range(1, 14)),
    *(f"Y{k}" for k in range(1, 5)),
    *(f"M{k}" for k in range(1, 11)),
    *(f"W{k}" for k in range(1, 10)),
)
