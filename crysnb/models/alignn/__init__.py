"""ALIGNN: atoms, bonds and the angles between bonds; Choudhary and DeCost (2021).

npj Comput. Mater. 7, 185, doi:10.1038/s41524-021-00650-1. Messages run on the crystal graph and on its line
graph, whose nodes are the bonds and whose edges are the angles.
"""
