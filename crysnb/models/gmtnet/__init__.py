"""GMTNet (corrected): O(3)-equivariant crystal-tensor prediction.

After Yan, Saxton, Qian, Qian and Ji, ICML 2024, arXiv 2406.12888: invariant attention layers, an
equivariant update, pooling and a tensor head. Corrected where the original departs from its own
claim: a fixed-radius graph with a smooth envelope instead of a cut through neighbour shells, each edge
once, angular order up to l = 4 so that cubic sites are not blind, and heads that hold exactly the
irreps that the tensor has.
"""
