"""Structure files gone wrong: bundled crystals as CIF, POSCAR and JSON text, and ways to spoil them.

Used by ``benchmarks/fuzz.py`` and by the hypothesis strategies of the hostile tests. Everything depends
on the given random generator alone, so a seed names its files.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence

from crysnb.structure.examples import example, examples, find

#: Form of a file -> suffix that it usually has.
FORMS: dict[str, str] = {"cif": ".cif", "poscar": ".vasp", "json": ".json"}
_TOKEN = re.compile(rb"[^\s,\[\]{}:\"']+")
_NUMBER = re.compile(rb"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
_SYMBOL = re.compile(rb"\b[A-Z][a-z]?\b")

NUMBERS: tuple[bytes, ...] = (
    b"nan", b"NaN", b"inf", b"-inf", b"Infinity", b"1e308", b"1e999", b"-1e308", b"1e30", b"1e-300", b"0",
    b"-0.0", b"-1", b"9" * 40, b"1000000000", b"0.0000000001", b"4.9e-324", b"1/0", b"1/3", b"0.5(3)",
    b"1,5", b"0x10", b"1e", b"--1", b"1.2.3", b"90", b"180", b"360", b"500", b"501", b"true", b"null", b"?",
    b".",
)  # fmt: skip
SYMBOLS: tuple[bytes, ...] = (
    b"Uue", b"Xx", b"D", b"T", b"X", b"Vac", b"M1", b"Na0", b"na", b"OH", b"Og", b"Pu", b"<b>Na</b>",
    b"Na\xc3\xa9", b"\xd0\x9d\xd0\xb0", b"'Na", b"118", b"",
)  # fmt: skip
TEXTS: tuple[bytes, ...] = (
    b"\xff\xfe", b"\x00", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\xf0\x9f\x92\x8e",
    b"\xed\xa0\x80", b"\x1b[2J", b"\xd9\xa5", b"\xef\xbc\x95", b"\r", b"\t", b"'", b'"', b";", b"\n;\n",
    b"#", b"\\", b"$(id)", b"__import__('os')", b"{{7*7}}", b"%s%n", b"../../etc/passwd",
    b"<script>alert(1)</script>", b"<!DOCTYPE html><html><body>", b"loop_", b"data_", b"save_", b"global_",
    b"stop_", b"[", b"{", b"]", b"}", b",", b":", b"[" * 300, b"x," * 200,
)  # fmt: skip
#: (what is replaced, what comes instead) of changes that a file with the right syntax may have.
PHRASES: tuple[tuple[bytes, bytes], ...] = (
    (b"'F m -3 m'", b"'P 1'"), (b"Direct", b"Cartesian"), (b"Direct", b"Selective dynamics"),
    (b"_fract_x", b"_Cartn_x"), (b"_cell_length_a", b"_cell.length_a"), (b"x,y,z", b"x,y,-z"),
    (b"x,y,z", b"x+1/7,y,z"), (b"lattice", b"cell"), (b"frac_coords", b"coords"), (b"\n1.0\n", b"\n-1.0\n"),
    (b"\n1.0\n", b"\n-100.0\n"), (b"\n1.0\n", b"\n1.8897\n"), (b"\n1.0\n", b"\n1 2 3\n"), (b"\n", b"\r\n"),
    (b"\n", b"\r"), (b" ", b"\t"), (b"_", b"."), (b"species", b"sites"),
)  # fmt: skip


def seed_text(name: str, form: str) -> str:
    """A bundled crystal as text: CIF with its space group, POSCAR, or JSON record.

    Parameters
    ----------
    name
        One of :func:`crysnb.examples`.
    form
        ``"cif"``, ``"poscar"`` or ``"json"``.
    """
    if form == "cif":
        return _cif(name)
    structure = example(name)
    if form == "json":
        record = {
            "id": name,
            "lattice": structure.lattice.matrix.tolist(),
            "species": [site.specie.symbol for site in structure],
            "frac_coords": structure.frac_coords.tolist(),
        }
        return json.dumps(record)
    species = [site.specie.symbol for site in structure]
    kinds = list(dict.fromkeys(species))
    order = sorted(range(len(species)), key=lambda k: kinds.index(species[k]))
    rows = [name, "1.0", *(_row(v) for v in structure.lattice.matrix), " ".join(kinds)]
    rows += [" ".join(str(species.count(kind)) for kind in kinds), "Direct"]
    rows += [_row(structure.frac_coords[k]) for k in order]
    return "\n".join(rows) + "\n"


def _row(vector: Sequence[float]) -> str:
    return " ".join(f"{x:.10g}" for x in vector)


def _cif(name: str) -> str:
    e = find(name)
    lengths = [f"_cell_length_{axis} {value:g}" for axis, value in zip("abc", e.cell[:3], strict=True)]
    angles = [
        f"_cell_angle_{axis} {value:g}"
        for axis, value in zip(("alpha", "beta", "gamma"), e.cell[3:], strict=True)
    ]
    group = " ".join(re.findall(r"-?\d(?:_\d)?|[A-Za-z]|/|:", e.space_group)).replace(" / ", "/")
    group = group.replace("_", "").replace(" : ", " :")
    loop = ["loop_", "_atom_site_label", "_atom_site_type_symbol"]
    loop += [f"_atom_site_fract_{x}" for x in "xyz"]
    sites = [f"{s}{k} {s} {_row(x)}" for k, (s, *x) in enumerate(e.sites, 1)]
    head = [f"data_{name}", f"_symmetry_space_group_name_H-M '{group}'", *lengths, *angles]
    return "\n".join([*head, *loop, *sites]) + "\n"


# ---- single changes -------------------------------------------------------------------------------

Change = Callable[[bytes, random.Random], bytes]


def _flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _spliced(data: bytes, pattern: re.Pattern[bytes], pieces: Sequence[bytes], rng: random.Random) -> bytes:
    """One match of the pattern replaced by one of the pieces."""
    matches = list(pattern.finditer(data))
    if not matches:
        return data
    chosen = rng.choice(matches)
    return data[: chosen.start()] + rng.choice(pieces) + data[chosen.end() :]


def _drop_token(data: bytes, rng: random.Random) -> bytes:
    return _spliced(data, _TOKEN, [b""], rng)


def _double_token(data: bytes, rng: random.Random) -> bytes:
    matches = list(_TOKEN.finditer(data))
    if not matches:
        return data
    chosen = rng.choice(matches)
    return data[: chosen.end()] + rng.choice((b" ", b",", b"")) + chosen.group() + data[chosen.end() :]


def _swap_tokens(data: bytes, rng: random.Random) -> bytes:
    matches = list(_TOKEN.finditer(data))
    if len(matches) < 2:
        return data
    a, b = sorted(rng.sample(matches, 2), key=lambda m: m.start())
    return data[: a.start()] + b.group() + data[a.end() : b.start()] + a.group() + data[b.end() :]


def _odd_number(data: bytes, rng: random.Random) -> bytes:
    return _spliced(data, _NUMBER, NUMBERS, rng)


def _near_number(data: bytes, rng: random.Random) -> bytes:
    """Small changes: the file stays readable, and its symmetry breaks by a little."""
    size = 10.0 ** rng.randint(-9, 0)
    for _ in range(rng.choice((1, 1, 3))):
        matches = [m for m in _NUMBER.finditer(data) if b"." in m.group()]
        if not matches:
            return data
        chosen = rng.choice(matches)
        value = float(chosen.group()) + size * rng.uniform(-1, 1)
        data = data[: chosen.start()] + f"{value:.12g}".encode() + data[chosen.end() :]
    return data


def _other_number(data: bytes, rng: random.Random) -> bytes:
    """A number of the file in another place: atoms on one another, cells of two shapes."""
    return _spliced(data, _NUMBER, [m.group() for m in _NUMBER.finditer(data)] or [b"1"], rng)


def _all_numbers(data: bytes, rng: random.Random) -> bytes:
    factor = rng.choice((1.8897261, 0.1, 10.0, -1.0, 1e-6, 1e6, 0.5, 2.0))
    return _NUMBER.sub(
        lambda m: f"{float(m.group()) * factor:.10g}".encode() if b"." in m.group() else m.group(), data
    )


def _odd_symbol(data: bytes, rng: random.Random) -> bytes:
    return _spliced(data, _SYMBOL, SYMBOLS, rng)


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TEXTS) + data[at:]


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    how = rng.choice(("shuffle", "shuffle all", "drop", "double", "many"))
    k = rng.randrange(len(lines))
    if how == "shuffle":
        end = min(len(lines), k + rng.randint(2, 6))
        part = lines[k:end]
        rng.shuffle(part)
        lines[k:end] = part
    elif how == "shuffle all":
        rng.shuffle(lines)
    elif how == "drop":
        del lines[k]
    else:
        lines[k:k] = [lines[k]] * (1 if how == "double" else rng.choice((10, 500, 6000)))
    return b"\n".join(lines)


def _cut(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] if rng.random() < 0.7 else data[at:]


def _phrase(data: bytes, rng: random.Random) -> bytes:
    old, new = rng.choice(PHRASES)
    return data.replace(old, new) if rng.random() < 0.5 else data.replace(old, new, 1)


def _html(data: bytes, rng: random.Random) -> bytes:
    before, after = rng.choice(
        (
            (
                b"<!DOCTYPE html>\n<html><title>404</title><body><pre>\n",
                b"</pre></body></html>\n",
            ),
            (b"<html>\n", b"</html>\n"),
            (b"", b"<script src='x.js'></script>\n"),
            (b"<?xml version='1.0'?>\n<cml>", b"</cml>\n"),
        )
    )
    return (
        before
        + (data.replace(b"&", b"&amp;").replace(b"'", b"&#39;") if rng.random() < 0.5 else data)
        + after
    )


CHANGES: dict[str, Change] = {
    "flip": _flip,
    "drop": _drop_token,
    "double": _double_token,
    "swap": _swap_tokens,
    "number": _odd_number,
    "near": _near_number,
    "other": _other_number,
    "scale": _all_numbers,
    "symbol": _odd_symbol,
    "insert": _insert,
    "lines": _lines,
    "cut": _cut,
    "phrase": _phrase,
    "html": _html,
}

_DEEP = ("near", "near", "near", "near", "other", "scale", "phrase", "flip")


def mutated(rng: random.Random, seeds: Sequence[bytes], *, most: int = 4) -> tuple[bytes, tuple[str, ...]]:
    """A seed after one to ``most`` changes, sometimes glued to another seed, and the names of the changes."""
    data = rng.choice(seeds)
    done: list[str] = []
    if rng.random() < 0.04:
        data += rng.choice((b"", b"\n", b"\n\n")) + rng.choice(seeds)
        done.append("merge")
    # Mostly few changes, and mostly of the numbers: what breaks nothing at once goes deepest.
    for _ in range(min(most, rng.choice((1, 1, 1, 2, 2, 3, 4)))):
        name = rng.choice((*CHANGES, *_DEEP))
        data = CHANGES[name](data or b"\n", rng)
        done.append(name)
    return data, tuple(done)


def all_seeds() -> dict[str, list[bytes]]:
    """Every bundled crystal in every form: form -> texts."""
    return {form: [seed_text(name, form).encode() for name in examples()] for form in FORMS}
