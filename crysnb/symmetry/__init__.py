"""Everything that touches spglib: operations, idealisation, projection."""

from crysnb.callable_module import make_callable

make_callable(__name__, "crysnb.symmetry.detect", "symmetry")
