"""CrystalTransformer: attention between atoms, and with it a vector for each element.

After Jin, Du, Shu, Cen, Xu, Mei and Zhang, Nat. Commun. 16, 1210 (2025), doi:10.1038/s41467-025-56481-x. Its
first layer is a table of elements that other networks can start from. ``geometry="cartesian"`` is the
published forward pass. ``geometry="periodic"``, the default, keeps two branches, eight layers and the heads,
but sees the crystal and not its description: distances to all images within a radius in place of Cartesian
coordinates of the listed atoms, the mean over atoms in place of the first one.
"""
