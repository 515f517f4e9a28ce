"""A permittivity of a metal is warned about: by a stored gap, a predicted one, then the composition."""

import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.predict import metals
from crysnb.structure.examples import example
from crysnb.weights import store

BRASS = Structure(Lattice.cubic(2.95), ["Cu", "Zn"], [[0] * 3, [0.5] * 3])


def notices(structure, names=("dielectric",)):
    return metals.metal_notices([structure], names)[0]


def test_a_predicted_gap_decides_where_none_is_stored(monkeypatch):
    asked = []

    def gaps(structures):
        asked.extend(structures)
        return [0.01 if "Na" in s.composition else 3.0 for s in structures]

    monkeypatch.setattr(metals, "predicted_gaps", gaps)
    monkeypatch.setattr(metals, "_worth", lambda: " (mean error on its test crystals 0.40 eV)")
    (notice,) = notices(example("NaCl"))
    assert (notice.code, notice.severity) == ("property.metal", "warning")
    assert "sen-e3 predicts a band gap of 0.01 eV (mean error on its test crystals 0.40 eV)" in notice.text
    assert notices(BRASS) == ()  # although all its elements are metals
    assert len(asked) == 2
    stored = example("NaCl")
    stored.properties["band_gap"] = 5.0
    assert notices(stored) == ()
    stored.properties["band_gap"] = 0.0
    assert notices(stored)[0].severity == "error"
    assert len(asked) == 2  # the stored gap is enough


def test_without_a_prediction_the_composition_decides(monkeypatch):
    monkeypatch.setattr(metals, "predicted_gaps", lambda structures: [None for _ in structures])
    assert "All elements here are metals" in notices(BRASS)[0].text
    assert notices(example("NaCl")) == ()


def test_other_properties_ask_for_no_gap(monkeypatch):
    monkeypatch.setattr(metals, "predicted_gaps", lambda _: pytest.fail("asked"))
    assert notices(BRASS, ("elastic", "band_gap")) == ()
    assert metals.metal_notices([], ("dielectric",)) == []


@pytest.mark.skipif(metals.GAP_MODEL not in store.shipped(), reason="the gap model is not shipped")
def test_the_shipped_model_tells_salt_from_brass():
    assert "predicts a band gap" in notices(BRASS)[0].text
    assert notices(example("NaCl")) == ()
    prediction = cn.predict(BRASS, "gmtnet-dielectric")
    assert any("predicts a band gap" in n.text for n in prediction.notices)
    strange = Structure(Lattice.cubic(4.0), ["Lr"], [[0] * 3])
    assert metals.predicted_gaps([strange, BRASS])[0] is None
