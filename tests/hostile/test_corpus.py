"""Saved files that fuzzing made or found, replayed: each gets its answer in ``corpus/answers.json``.

``found-*`` are findings and inputs that broke a parser; the others are one example for each kind of answer of
``benchmarks/fuzz.py --keep``. A new finding is added here with its answer.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.structure.examples import examples
from crysnb.structure.read import read
from crysnb.symmetry.detect import detect
from crysnb.tensors.form import tensor_form
from crysnb.testing.mutations import CHANGES, FORMS, all_seeds, mutated, seed_text

CORPUS = Path(__file__).with_name("corpus")
ANSWERS = json.loads((CORPUS / "answers.json").read_text(encoding="utf-8"))


def test_every_file_has_its_answer() -> None:
    files = {p.name for p in CORPUS.iterdir()} - {"answers.json", ".gitattributes"}
    assert files == set(ANSWERS)
    assert 150 <= len(files) <= 400
    assert sum((CORPUS / name).stat().st_size for name in files) < 1_000_000
    assert {form for form in FORMS for name in files if name.startswith(form)} == set(FORMS)
    assert len(set(ANSWERS.values())) > 15


def test_replay(isolated: Any) -> None:
    """Read, symmetry and tensor forms, each file in a process with limits of its own."""
    cases = [(name, "path", str(CORPUS / name), code) for name, code in sorted(ANSWERS.items())]
    answers = isolated(cases, seconds=15, megabytes=512, deep=True)
    wrong = {
        case[0]: (case[3], answer)
        for case, answer in zip(cases, answers, strict=True)
        if answer.get("code", "-") != case[3]
    }
    assert not wrong, wrong


def test_a_file_that_reached_the_network() -> None:
    """FeSi with twice its lattice constant: no atom had a neighbour, and a bare RuntimeError came out."""
    with pytest.raises(CrysnbError) as caught:
        cn.predict(CORPUS / "found-no-neighbors.vasp")
    assert caught.value.code == "domain.no_neighbors"


@pytest.mark.parametrize("form", FORMS)
def test_the_seeds_themselves_are_read(form: str) -> None:
    for name in examples():
        if (form, name) != ("cif", "anatase"):  # its two origins are refused as ambiguous, rightly
            assert len(read(seed_text(name, form)).structure) == len(cn.as_structure(name))


def test_every_change_changes_something() -> None:
    seed = seed_text("rutile", "poscar").encode()
    for name, change in CHANGES.items():
        assert any(change(seed, random.Random(k)) != seed for k in range(20)), name  # noqa: S311


def test_a_seed_names_its_files() -> None:
    one, two = (
        [mutated(random.Random(5), all_seeds()["cif"]) for _ in range(3)]  # noqa: S311
        for _ in range(2)
    )
    assert one == two


SEEDS = all_seeds()


@settings(max_examples=40)
@given(st.sampled_from(sorted(FORMS)), st.integers(0, 2**32))
def test_mutated_files_bring_only_our_errors(form: str, number: int) -> None:
    data, _ = mutated(random.Random(number), SEEDS[form])  # noqa: S311
    try:
        structure = read(data).structure
        detect(structure)
        tensor_form(structure, "dielectric")
    except CrysnbError as error:
        assert not error.code.endswith(".unreadable"), error.text  # noqa: PT017
        assert len(error.text) < 1000  # noqa: PT017
