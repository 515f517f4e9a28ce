"""The plain sentences of ``cn.explain``, made from results alone; each says how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from crysnb.units import display_unit
from crysnb.values.prediction import Notice, Prediction
from crysnb.weights.card import figure
from crysnb.widgets import nye_text
from crysnb.widgets.number_text import decimals_for, number_text, share_text, small_text
from crysnb.widgets.nye_result import EXACT, NyeResult

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from crysnb.structure.read import Reading
    from crysnb.values.symmetry_info import SymmetryInfo

Certainty = Literal["fact", "guaranteed", "learned", "measured", "warning", "error"]
_MOST_NAMES = 8
_MOST_REASONS = 2
#: Displacement in Å that is worth a word.
_NOTABLE = 1e-4


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the story.

    Attributes
    ----------
    certainty
        ``"fact"`` (of the input), ``"guaranteed"`` (by construction), ``"learned"`` (by a model),
        ``"measured"`` (on test data), ``"warning"`` or ``"error"``.
    text
        The sentence.
    """

    certainty: Certainty
    text: str


def crystal_sentences(reading: Reading, symmetry: SymmetryInfo | None) -> list[Sentence]:
    """What the crystal is, and how sure its symmetry is."""
    formula = reading.structure.composition.reduced_formula
    name = reading.structure_id if reading.structure_id != formula else ""
    head = f"{name} ({formula})" if name else formula
    n = len(reading.structure)
    sites = f"{n} site{'' if n == 1 else 's'} in its cell"
    if symmetry is None:
        text = (
            f"{head} has {sites}; its symmetry was not determined, so nothing is said about zeros and ties."
        )
        return [Sentence("warning", text)]
    n_ops = len(symmetry.rotations)
    group = f"space group {symmetry.symbol} ({symmetry.number}), point group {symmetry.point_group}"
    kept = "1 operation" if n_ops == 1 else f"{n_ops} operations"
    return [Sentence("fact", f"{head} has {sites}, {group}: {kept} up to translation.")]


def near_sentences(structure: Structure, symmetry: SymmetryInfo | None) -> list[Sentence]:
    """The higher symmetry that a crystal only just misses; a prediction says the same in its notices."""
    from crysnb.symmetry.group_distance import nearly

    near = None if symmetry is None else nearly(structure, symmetry)
    if near is None or symmetry is None:
        return []
    text = f"The crystal is only {near.text}. It was treated as {symmetry.symbol} ({symmetry.number})."
    return [Sentence("warning", text)]


def form_sentences(result: NyeResult) -> list[Sentence]:
    """What symmetry allows a tensor to be, and what forces it."""
    form, name = result.form, result.kind.name
    if form is None:
        return []
    if gone := nye_text.forbidden(result):
        return [Sentence("guaranteed", gone)]
    zeros = [c for c in result.components if c.role == "zero"]
    verb = "is" if form.n_independent == 1 else "are"
    count = f"{form.n_independent} of {result.kind.n_components} {name} components {verb} independent"
    if not zeros:
        return [Sentence("guaranteed", f"{count}; none must vanish.")]
    groups: dict[str, list[str]] = {}
    for c in zeros:
        groups.setdefault(" and the ".join(op.text for op in c.operations), []).append(c.name)
    told = sorted(groups.items(), key=lambda item: -len(item[1]))[:_MOST_REASONS]
    parts = [
        f"{_listed(sorted(names))} {'vanishes' if len(names) == 1 else 'vanish'} because of the {reason}"
        for reason, names in told
    ]
    rest = len(zeros) - sum(len(names) for _, names in told)
    if rest:
        parts.append(f"{rest} more {'vanishes' if rest == 1 else 'vanish'} because of other operations")
    return [Sentence("guaranteed", f"{count}. {'; '.join(parts)}.")]


def prediction_sentences(result: NyeResult, measured: Mapping[str, Any]) -> list[Sentence]:
    """What a model says about the free components, how far it was from the form, and how good it is."""
    p = result.prediction
    if p is None:
        return []
    if not result.is_finite:
        return [Sentence("error", f"{p.model} gave no finite {p.spec.name} tensor for this crystal.")]
    out = []
    if not result.is_forbidden:
        out.append(Sentence("learned", f"{p.model} predicts {_free_values(result)}."))
    out += _projection(result, p)
    if (found := figure(measured, "rel_median")) and "n" in measured:
        at_best = ", at best over the axes that the labels leave open" * (found[0] != "rel_median")
        text = (
            f"On {measured['n']} test crystals that it had not seen, half of its tensors were off "
            f"by more than {100 * found[1]:.1f} % of the norm{at_best}."
        )
        out.append(Sentence("measured", text))
    return out


def _projection(result: NyeResult, p: Prediction) -> list[Sentence]:
    """Whether the zeros and ties shown are exact, and how far the network was from them by itself."""
    form, residual = result.form, result.residual
    if form is None or residual is None or result.is_forbidden:
        return []
    if form.n_independent == result.kind.n_components:
        return []  # symmetry binds nothing
    if residual > EXACT:
        off = share_text(residual)
        return [Sentence("warning", f"The tensor was not projected; it misses the allowed form by {off}.")]
    out = [Sentence("guaranteed", "The zeros and ties shown are exact, because the tensor was projected.")]
    if p.symmetry_residual is not None:
        off = small_text(p.symmetry_residual)
        text = (
            f"By itself, for the crystal exactly as given, the network misses this form by {off} of the norm"
        )
        moved = 0.0 if p.symmetry is None else p.symmetry.displacement
        if moved >= _NOTABLE:
            text += f"; the crystal itself is up to {moved:.2g} Å away from its symmetry"
        out.append(Sentence("learned", f"{text}."))
    return out


def notice_sentences(notices: Iterable[Notice]) -> list[Sentence]:
    """Warnings and errors, once each."""
    kept = {n.text: n for n in notices if n.severity != "info"}
    return [Sentence("error" if n.severity == "error" else "warning", n.text) for n in kept.values()]


def _free_values(result: NyeResult) -> str:
    free = [c for c in result.components if c.role in ("independent", "unknown")]
    decimals = decimals_for(c.value for c in free)
    unit = display_unit(result.unit)
    parts = []
    for c in free[:_MOST_NAMES]:
        spread = f" {nye_text.uncertainty_text(c, decimals)}" if c.uncertainty is not None else ""
        parts.append(f"{c.name} = {number_text(c.value, decimals)}{spread}{f' {unit}' if unit else ''}")
    return ", ".join(parts) + (", …" if len(free) > _MOST_NAMES else "")


def _listed(names: list[str]) -> str:
    shown = names[:_MOST_NAMES] + (["others"] if len(names) > _MOST_NAMES else [])
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]
