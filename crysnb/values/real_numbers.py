"""Arrays of numbers as they are given, made float64 or refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError


def real_numbers(x: ArrayLike, what: str = "a tensor") -> NDArray[np.float64]:
    """``x`` as float64 in the shape that it has.

    Raises
    ------
    ShapeError
        ``tensor.not_numeric`` for what is no array of real numbers; ``tensor.masked`` for a masked array,
        whose hidden entries are no numbers.
    """
    hidden = int(np.sum(x.mask)) if isinstance(x, np.ma.MaskedArray) else 0
    if hidden:
        raise ShapeError(
            "tensor.masked",
            found=f"{what} in a masked array with {hidden} masked entries",
            accepted="an array without a mask",
            action="Fill them in with .filled(value)",
        )
    try:
        array = np.asarray(x)
        if np.iscomplexobj(array):
            raise TypeError("complex numbers")
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ShapeError(
            "tensor.not_numeric",
            found=f"{what} that is not an array of numbers ({error})",
            accepted="real numbers",
        ) from error
