"""A number with a unit, and how far to trust it."""

from crysnb.callable_module import make_callable

make_callable(__name__, "crysnb.predict.run", "predict")
