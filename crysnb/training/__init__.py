"""How the shipped weights were made; nothing else in the package imports this."""
