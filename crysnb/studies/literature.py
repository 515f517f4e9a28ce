"""Accuracy that others report for tensors, on data and splits of their own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One reported row.

    Attributes
    ----------
    property
        Name of the property.
    model, source
        Who predicts, and where the numbers stem from.
    crystals
        Size of the data set, as stated; empty where it is not.
    fnorm, ewt25, ewt10, ewt5
        As named by the authors: mean Frobenius error of the printed matrix in the property's unit, and
        percentages of crystals; None where not reported.
    """

    property: str
    model: str
    source: str
    crystals: str
    fnorm: float | None = None
    ewt25: float | None = None
    ewt10: float | None = None
    ewt5: float | None = None


#: The tables of the paper itself were not seen: the numbers are those that other groups repeat from it.
_GMTNET = "Yan et al. 2024, arXiv 2406.12888, as repeated by others"


def _rows(
    source: str, kind: str, crystals: str, *rows: tuple[str, float, float, float, float]
) -> list[Reported]:
    return [
        Reported(property=kind, source=source, crystals=crystals, model=m, fnorm=f, ewt25=a, ewt10=b, ewt5=c)
        for m, f, a, b, c in rows
    ]


REPORTED: tuple[Reported, ...] = (
    *_rows(
        _GMTNET,
        "dielectric",
        "4,713",
        ("MEGNet", 4.16, 74.9, 38.9, 19.1),
        ("ETGNN", 3.92, 81.3, 41.6, 23.8),
        ("GMTNet", 3.50, 84.5, 57.1, 27.8),
    ),
    *_rows(_GMTNET, "elastic", "14,220", ("GMTNet", 67.38, 66.1, 21.8, 7.7)),
    Reported(
        property="piezoelectric",
        model="GMTNet",
        source="README of the GMTNet repository, which corrects the paper (arXiv 2406.12888)",
        crystals="crystals without piezoelectricity included",
        fnorm=0.39,
    ),
)
