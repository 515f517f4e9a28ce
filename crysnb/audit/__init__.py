"""Does a function of crystals keep the laws that every property keeps? Any function, not only ours."""

from crysnb.callable_module import make_callable

make_callable(__name__, "crysnb.audit.run", "audit")
