"""The networks. A model is a folder: configuration, module, and the contract tests it inherits."""

from crysnb.callable_module import make_callable

# cn.models() lists what is shipped; the table needs pandas and so lives above this package.
make_callable(__name__, "crysnb.predict.catalog", "models")
