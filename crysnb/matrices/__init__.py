"""What a model computed inside, under the crystal's own symmetry operations."""

from crysnb.callable_module import make_callable

# cn.matrices(model, s) shows itself in a notebook, and so lives with the views; the numbers are here.
make_callable(__name__, "crysnb.widgets.matrices", "matrices")
