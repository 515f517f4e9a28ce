"""crysnb explains crystal models in Jupyter: predictions, tensor symmetry and what forces it."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)

__version__ = "0.1.0"
