"""A structure to CIF text, and to a file that is never overwritten in silence."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from crysnb.files import write_whole
from crysnb.structure.read import Reading, read

#: Digits after the point of every number: 1/3 stays 1/3 far below any tolerance of a symmetry search.
DIGITS = 12
_WIDTH = 100
_ORIENTATION = (
    "A CIF has no orientation: crysnb and pymatgen read this one with z along c and a in the x-z plane."
)


def cif_text(x: Any) -> str:
    """A structure as CIF text: every atom of the given cell, in the given order, in P1.

    The cell is written as it is and not standardised, and no operation but the identity is listed,
    so that every program reads the same atoms and the sites keep their order. Where the
    symmetry comes from (:func:`crysnb.idealize`) is said in comments, with all other notices.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts; every admission rule applies.

    Returns
    -------
    str
        CIF 1.1, printable ASCII. Lengths in Å with twelve digits after the point.

    Raises
    ------
    StructureError
        If the structure is refused.

    References
    ----------
    S. R. Hall, F. H. Allen and I. D. Brown, Acta Cryst. A47 (1991) 655, doi:10.1107/S010876739101067X.
    """
    from pymatgen.io.cif import CifWriter

    reading = read(x)
    # Labels are element + index after reading; the block is named by the formula. Nothing else is text.
    body = str(CifWriter(reading.structure, significant_figures=DIGITS))
    return "".join(f"# {line}\n" for line in _remarks(reading)) + body


def write_cif(x: Any, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a structure to a CIF; see :func:`crysnb.structure.write.cif_text` for what stands in it.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, for example the result of
        :func:`crysnb.idealize`.
    path
        Name of the file.
    overwrite
        Whether a file of that name is replaced; as a whole, by a finished one.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    StructureError
        If the structure is refused; nothing is written then.
    CrysnbError
        ``file.exists`` if there is such a file and ``overwrite`` is false; ``file.not_writable``.
    """
    return write_whole(path, cif_text(x).encode("ascii"), overwrite=overwrite)


def _remarks(reading: Reading) -> list[str]:
    """Id, notices and orientation as lines that cannot end the comment they stand in."""
    texts = [f"crysnb: {reading.structure_id}", *(n.text for n in reading.notices), _ORIENTATION]
    return [line for text in texts for line in _wrapped(_ascii(text))]


def _ascii(text: str) -> str:
    """Printable ASCII on one line, as CIF 1.1 demands also of comments."""
    known = text.replace("Å", "A").replace("‖", "|").replace("ᵀ", "^T").replace("−", "-")
    return re.sub(r"[^\x20-\x7e]", "?", known)


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False) or [""]
