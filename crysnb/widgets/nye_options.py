"""What a tensor view can be asked to show instead: another frame, tolerance, or a corrected tensor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import CrysnbError, ShapeError, UnknownName
from crysnb.tensors.frames import FRAMES
from crysnb.units import convert
from crysnb.values.property_spec import PROPERTIES
from crysnb.widgets.nye_frames import in_frame, spread_in_frame
from crysnb.widgets.nye_result import EXACT, SHOWN, NyeResult

if TYPE_CHECKING:
    from crysnb.symmetry.staircase import Staircase
    from crysnb.tensors.form import TensorForm
    from crysnb.tensors.nearest_group import NearestGroup
    from crysnb.tensors.repair import Repair
    from crysnb.tensors.report import TensorReport
    from crysnb.values.symmetry_info import SymmetryInfo

Array = NDArray[np.float64]
Options = Mapping[str, Any]

#: More choices of axes than any class leaves open.
MAX_SETTINGS = 8
#: Results that are kept; a slider in a program may ask for any number of tolerances.
_MAX_KEPT = 64


class NyeChoices:
    """Every result that one tensor leads to, each computed when it is first asked for.

    Parameters
    ----------
    first
        What the view was made with.
    """

    def __init__(self, first: NyeResult) -> None:
        self._first = first
        self._symmetry: dict[Any, SymmetryInfo] = {}
        self._reports: dict[Any, TensorReport | None] = {}
        self._results: dict[tuple[Any, ...], NyeResult] = {}
        self._nearest: NearestGroup | None = None
        #: Space groups at all tolerances, once somebody has asked for them.
        self.staircase: Staircase | None = None

    # -- what there is to choose -----------------------------------------------------------------

    @property
    def first(self) -> dict[str, Any]:
        """The options that the view was made with."""
        form = self._first.form
        return {
            "frame": self._first.frame or "own",
            "setting": 0 if form is None else form.setting_index,
            "symprec": self._first.symprec,
            "shown": self._first.shown,
        }

    @property
    def frames(self) -> tuple[str, ...]:
        """Frames that there are."""
        form = self._first.form
        if form is None:
            return (self.first["frame"],)
        return FRAMES if form.symmetry is not None else ("own", "nye")

    @property
    def crystal(self) -> Any:
        """The structure, or None where only its symmetry is known."""
        return self._first.crystal

    @property
    def has_tolerances(self) -> bool:
        """Whether the symmetry can be looked for again."""
        return self._first.crystal is not None and self._first.form is not None

    def shown(self, options: Options) -> tuple[str, ...]:
        """What may be shown with the other options as they are."""
        if self._first.form is None or not self._first.is_finite:
            return ("given",)
        return SHOWN if self.repair(options["symprec"]) is not None else SHOWN[:2]

    def offered(self, result: NyeResult) -> tuple[str, ...]:
        """What may be shown in place of a result, without what would change nothing."""
        possible = self.shown({"symprec": result.symprec})
        if result.shown == "given" and (result.residual or 0.0) <= EXACT:
            return tuple(name for name in possible if name != "symmetrised")
        return possible

    # -- options ---------------------------------------------------------------------------------

    def settled(self, options: Options, asked: Collection[str]) -> dict[str, Any]:
        """Options that go together: what was not asked for gives way.

        Raises
        ------
        CrysnbError
            Where that cannot be shown; the view then stays as it is.
        """
        out = dict(options)
        if "setting" not in asked and {"frame", "symprec"} & set(asked):
            out["setting"] = 0
        if out["shown"] not in self.shown(out):
            if "shown" in asked:
                raise ShapeError(
                    "view.option",
                    found=f"shown = {out['shown']!r}, which there is not",
                    accepted=" or ".join(self.shown(out)),
                )
            out["shown"] = "given"
        self.result(out)
        return out

    def kept(self, options: Options) -> dict[str, Any]:
        """The frame of other options where it exists here too; everything else as at first."""
        if options.get("frame") not in self.frames:
            return self.first
        for setting in (options.get("setting", 0), 0):
            try:
                return self.settled(
                    {**self.first, "frame": options["frame"], "setting": setting}, ("frame", "setting")
                )
            except UnknownName:
                continue
        return self.first

    # -- results ---------------------------------------------------------------------------------

    def result(self, options: Options) -> NyeResult:
        """What the options lead to."""
        key = tuple(options[name] for name in ("frame", "setting", "symprec", "shown"))
        if key == tuple(self.first.values()):
            return self._first
        if key not in self._results:
            _trim(self._results)
            self._results[key] = self._made(options)
        return self._results[key]

    def _made(self, options: Options) -> NyeResult:
        first = self._first
        frame, setting, symprec, shown = (options[k] for k in ("frame", "setting", "symprec", "shown"))
        form = self._form(frame, setting, symprec)
        value, spread, repair = None, None, ""
        if first.given is not None and first.is_finite and form is not None:
            turn = form.rotation @ first.given_rotation.T
            value = in_frame(first.kind, first.given, turn)
            if self._own_spread is not None:
                spread = spread_in_frame(first.kind, self._own_spread, form.rotation)
            if shown == "symmetrised":
                value, spread = form.project(value), None
            elif shown == "repaired":
                value, repair = self._repaired(form, symprec)
                spread = None
        return replace(
            first,
            form=form,
            value=first.value if value is None else value,
            spread=spread,
            shown=shown,
            repair=repair,
            symprec=symprec,
        )

    @cached_property
    def _own_spread(self) -> Array | None:
        p = self._first.prediction
        if p is None or p.uncertainty is None or not np.isfinite(p.uncertainty).all():
            return None
        return self._first.kind.components(p.uncertainty)

    def _repaired(self, form: TensorForm, symprec: Any) -> tuple[Array, str]:
        repair = self.repair(symprec)
        if repair is None:
            raise ShapeError("view.option", found="no repair of this tensor", accepted="given or symmetrised")
        tensor = self._first.kind.matrix(repair.tensor) / self._factor
        return in_frame(self._first.kind, tensor, form.rotation), str(repair.text)

    def _form(self, frame: str, setting: int, symprec: Any) -> TensorForm | None:
        from crysnb.tensors.form import tensor_form

        form = self._first.form
        if form is None or (frame, setting, symprec) == tuple(
            self.first[k] for k in ("frame", "setting", "symprec")
        ):
            return form
        if form.symmetry is None:
            named = form.space_group if form.space_group is not None else form.point_group
            return tensor_form(named, form.kind, frame, setting=setting)
        return tensor_form(self._info(symprec), form.kind, frame, setting=setting)

    def _info(self, symprec: Any) -> SymmetryInfo:
        from crysnb.symmetry.detect import detect

        form = self._first.form
        if form is not None and form.symmetry is not None and symprec == self._first.symprec:
            return form.symmetry
        if symprec not in self._symmetry:
            _trim(self._symmetry)
            self._symmetry[symprec] = detect(self._first.crystal, symprec)
        return self._symmetry[symprec]

    # -- checks ----------------------------------------------------------------------------------

    @cached_property
    def _factor(self) -> float:
        """From the unit of the tensor to the usual one of its kind."""
        spec = PROPERTIES.get(self._first.kind.name)
        return 1.0 if spec is None else convert(1.0, self._first.unit, spec.unit)

    def report(self, symprec: Any) -> TensorReport | None:
        """The check of the tensor as given, in the frame in which it was given; None without numbers."""
        if symprec not in self._reports:
            _trim(self._reports)
            self._reports[symprec] = self._checked(symprec)
        return self._reports[symprec]

    def repair(self, symprec: Any) -> Repair | None:
        """The mistake that explains the tensor; None for a consistent one.

        None for a prediction too: a network works in the frame of the structure, and what it misses is its
        own error.
        """
        report = self.report(symprec)
        return None if report is None or self._first.prediction is not None else report.best_frame

    def nearest(self, symprec: Any) -> NearestGroup | None:
        """The class whose symmetry a given tensor has by itself, where it is not that of the crystal."""
        report = self.report(symprec)
        if report is None or report.consistent or self._first.prediction is not None:
            return None
        if self._nearest is None:  # the same at every tolerance
            self._nearest = report.nearest_group
        return self._nearest

    def _checked(self, symprec: Any) -> TensorReport | None:
        from crysnb.tensors.check import check

        first = self._first
        if first.form is None or first.given is None or not first.is_finite:
            return None
        form = self._form("own", 0, symprec)
        try:
            own = in_frame(first.kind, first.given, first.given_rotation.T) * self._factor
            report = check(own, form, first.kind)
        except CrysnbError:
            return None  # numbers of another quantity than the usual one, or beyond all range
        if first.crystal is None:
            return report
        # A mistake may be that of another cell, which the symmetry alone does not know.
        return replace(report, lattice=np.array(first.crystal.lattice.matrix))


def _trim(kept: dict[Any, Any]) -> None:
    """Make room for one more: the oldest goes."""
    if len(kept) >= _MAX_KEPT:
        del kept[next(iter(kept))]
