"""The networks. A model is a folder: configuration, module, and the contract tests it inherits."""
