"""Two models on the same crystals: differences, their intervals, and files that are none."""

import json
import subprocess
import sys

import numpy as np
import pytest

from crysnb.errors import CrysnbError
from crysnb.studies.paired import errors_of, paired, read_errors


def rows(errors, norm=1.0, start=0):
    return [{"id": f"c{k + start}", "error": float(e), "norm": norm} for k, e in enumerate(errors)]


def test_a_constant_gain_is_certain_and_noise_is_not():
    rng = np.random.default_rng(0)
    base = rng.uniform(0.1, 0.5, 80)
    better = paired(errors_of(rows(base - 0.05)), errors_of(rows(base)))
    assert better["difference"]["mean"] == pytest.approx(-0.05)
    assert better["ci95"]["mean"] == pytest.approx([-0.05, -0.05])
    noise = paired(errors_of(rows(base)), errors_of(rows(rng.permutation(base))))
    low, high = noise["ci95"]["mean"]
    assert low < 0 < high


def test_only_common_crystals_count():
    found = paired(errors_of(rows([0.1, 0.2, 0.3])), errors_of(rows([0.5, 0.5, 0.5], start=1)))
    assert found["n"] == 2
    assert found["a"]["mean"] == pytest.approx(0.25)
    with pytest.raises(CrysnbError, match=r"paired\.nothing"):
        paired(errors_of(rows([0.1])), errors_of(rows([0.1], start=5)))


def test_labels_of_zero_do_not_enter_relative_errors():
    a = errors_of([*rows([0.1]), {"id": "z", "error": 0.4, "norm": 0.0}])
    found = paired(a, a)
    assert found["a"]["rel_median"] == pytest.approx(0.1)
    assert found["a"]["mean"] == pytest.approx(0.25)


def test_the_command_takes_both_forms_of_files(tmp_path):
    one, two = tmp_path / "a.json", tmp_path / "b.json"
    one.write_text(json.dumps(rows([0.1, 0.3])))
    two.write_text(json.dumps({"per_crystal": rows([0.2, 0.3])}, indent=1))
    assert read_errors(one)["c1"] == (0.3, 1.0)
    done = subprocess.run(
        [sys.executable, "-m", "crysnb.studies.paired", str(one), str(two)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["difference"]["mean"] == pytest.approx(-0.05)


@pytest.mark.parametrize("text", ["", "{}", '[{"id": "a"}]', "[1]", '{"per_crystal": 3}', "[" * 50])
def test_other_files_are_refused(tmp_path, text):
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(CrysnbError, match=r"paired\.syntax|paired\.empty"):
        read_errors(file)
