"""``python -m crysnb`` is the ``crysnb`` command."""

from crysnb.cli import main

main()
