"""Breaking the symmetry of a crystal on purpose: what is left, what is set free, what a model makes of it."""
