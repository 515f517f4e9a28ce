"""S3: limits before and after parsing; small files expand.

Source: a 1.5 kB CIF with 40 sites in a group of 192 operations became 7,680 sites in 4.7 s, 10,000
sites took 24 s, and a POSCAR count of one billion ended in MemoryError (measured with pymatgen).
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from crysnb.errors import StructureError
from crysnb.structure import check
from crysnb.structure.read import read


def cif(a: float = 5.0, name: str = "P 1", sites: list[tuple[float, float, float]] | None = None) -> str:
    rows = "\n".join(f"Po {x:.6f} {y:.6f} {z:.6f}" for x, y, z in sites or [(0, 0, 0)])
    return (
        f"data_x\n_cell_length_a {a}\n_cell_length_b {a}\n_cell_length_c {a}\n"
        "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n"
        f"_symmetry_space_group_name_H-M '{name}'\n"
        "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n" + rows + "\n"
    )


def poscar(a: float, counts: str, n: int, symbols: str = "Po") -> str:
    side = max(1, round(np.ceil(n ** (1 / 3))))
    sites = [(i / side, j / side, k / side) for i in range(side) for j in range(side) for k in range(side)][
        :n
    ]
    rows = "\n".join(f"{x} {y} {z}" for x, y, z in sites)
    return f"x\n1\n{a} 0 0\n0 {a} 0\n0 0 {a}\n{symbols}\n{counts}\nDirect\n{rows}\n"


def random_sites(n: int) -> list[tuple[float, float, float]]:
    return [tuple(row) for row in np.random.default_rng(0).uniform(0.01, 0.49, (n, 3))]


LENGTH = "structure.cell_length"
SITES = "structure.too_many_sites"
LARGE = "structure.too_large"
C = "crysnb.structure.check."
CASES = [
    ("1e30 long", "text", cif(1e30), LENGTH, [C + "cell_size"]),
    ("0.99 long", "text", poscar(0.99, "1", 1), LENGTH, [C + "cell_size"]),
    ("100.5 long", "text", poscar(100.5, "1", 1), LENGTH, [C + "cell_size"]),
    (
        "structure object",
        "structure",
        {"lattice": [[200, 0, 0], [0, 5, 0], [0, 0, 5]], "species": ["Po"], "frac_coords": [[0, 0, 0]]},
        LENGTH,
        [C + "cell_size"],
    ),
    ("a billion atoms", "text", poscar(5, "1000000000", 1), SITES, [C + "site_count"]),
    ("501 atoms", "text", poscar(30, "501", 501), SITES, [C + "site_count"]),
    (
        "501 listed in a record",
        "record",
        {
            "lattice": [[30, 0, 0], [0, 30, 0], [0, 0, 30]],
            "species": ["Po"] * 501,
            "frac_coords": np.random.default_rng(0).uniform(0, 1, (501, 3)).tolist(),
        },
        SITES,
        [C + "site_count"],
    ),
    ("40 sites × 192", "text", cif(30, "F m -3 m", random_sites(40)), SITES, [C + "site_count"]),
    (
        "105 sites × 192",
        "text",
        cif(90, "F m -3 m", random_sites(105)),
        "structure.expansion",
        [C + "expansion"],
    ),
    ("20,001 sites", "text", cif(90, "P 1", random_sites(1) * 4980), SITES, [C + "site_count"]),
    (
        "193 operations",
        "text",
        cif().replace("loop_", "loop_\n_space_group_symop_operation_xyz\n" + "x,y,z\n" * 193 + "loop_", 1),
        "structure.expansion",
        [C + "expansion"],
    ),
    ("5,001 lines", "text", cif() + "\n" * 5001, LARGE, [C + "line_count"]),
    ("over 1 MiB", "text", cif() + "#" * (1 << 20), LARGE, [C + "text_size"]),
    (
        "overflowing scale",
        "text",
        poscar(5, "1", 1).replace("x\n1\n", "x\n1e99\n"),
        LENGTH,
        [C + "cell_size"],
    ),
]


def test_refused_within_time_and_memory(assert_refused: Any) -> None:
    assert_refused(CASES, seconds=5, megabytes=512)


def test_just_inside_the_limits_is_read() -> None:
    assert len(read(poscar(30, "500", 500)).structure) == 500
    assert len(read(poscar(1.0, "1", 1)).structure) == 1
    assert len(read(poscar(100.0, "1", 1)).structure) == 1
    text = cif()
    full = text + "#" * (check.MAX_BYTES - len(text))
    assert len(read(full).structure) == 1
    with pytest.raises(StructureError):
        read(full + "#")
    lines = text + "\n" * (check.MAX_LINES - len(text.split("\n")))
    assert len(lines.split("\n")) == check.MAX_LINES
    assert len(read(lines).structure) == 1
    with pytest.raises(StructureError):
        read(lines + "\n")


def test_the_product_of_sites_and_operations_is_limited_at_its_boundary() -> None:
    check.expansion(104, 192)
    check.expansion(20_000, 1)
    check.expansion(104, None)
    for sites, operations in ((105, 192), (20_001, 1), (105, None)):
        with pytest.raises(StructureError):
            check.expansion(sites, operations)


def test_a_full_cell_is_read_quickly() -> None:
    text = poscar(30, "500", 500)
    read(text)
    begin = time.perf_counter()
    read(text)
    assert time.perf_counter() - begin < 2.0


def test_a_large_record_is_refused_before_its_numbers_are_copied() -> None:
    record = {"lattice": [[5, 0, 0], [0, 5, 0], [0, 0, 5]], "species": ["H"] * 10**6, "frac_coords": None}
    with pytest.raises(StructureError) as caught:
        read(record)
    assert caught.value.code == SITES
    assert json.dumps(caught.value.to_dict())
