"""SEN-E3 (SEN-inspired): a capsule network for crystals whose poses turn with the crystal.

After the idea of Liang et al. (2023), Nat. Commun. 14, 5198, doi:10.1038/s41467-023-40756-2: chemical
environments, part capsules with presence, feature and pose, attention between clusters, object capsules that
vote for their parts. It is no reproduction of their network. Poses are irreps of O(3) instead of plane
affine maps, attention runs over the atoms of one crystal instead of over the batch, and the likelihood of
the stacked capsule autoencoder (Kosiorek, Sabour, Teh and Hinton 2019, arXiv:1906.06818) is evaluated.

Object capsules stand at every atom. A pose of the whole crystal would be confined to the subspace that the
point group leaves fixed: all odd orders vanish in a crystal with inversion, orders 1 to 3 in m-3m. Votes
made of it could never match the poses of single atoms, such as the opposite vectors of the oxygens in
rutile. With objects at atoms, and the direction of the edge in each vote, nothing stands in the way.
"""
