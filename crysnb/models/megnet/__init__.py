"""MEGNet: graph network of atoms, bonds and a state of the whole crystal; Chen et al. (2019).

Chem. Mater. 31, 3564, doi:10.1021/acs.chemmater.9b01294.
"""
