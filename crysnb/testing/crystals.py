"""Which bundled crystals a test runs over when running over all of them would take too long."""

from __future__ import annotations

# What can go wrong differs between these: inversion and none, polar, chiral, several crystal systems, and
# with baddeleyite a tensor whose off-diagonal component does not vanish.
REPRESENTATIVE: tuple[str, ...] = (
    "NaCl",
    "GaAs",
    "rutile",
    "quartz",
    "GaN",
    "BaTiO3",
    "baddeleyite",
)
