"""CGCNN: the crystal graph convolutional network of Xie and Grossman (2018), on graphs of whole shells.

Phys. Rev. Lett. 120, 145301, doi:10.1103/PhysRevLett.120.145301. The layers are those of the original.
The graph is not cut within a shell: where the twelfth neighbour has others at its distance, they are
taken too, so that rounding, the order of the sites and the choice of cell cannot change a prediction.
"""
