"""Tensors from bond directions, or in fixed axes, on a network that knows distances alone: two baselines.

ETGNN (after Zhong, Yu, Gong and Xiang 2022, arXiv 2201.05770) sums products of bond directions with
invariant coefficients. The other one, after the way in which MEGNet (Chen et al. 2019,
doi:10.1021/acs.chemmater.9b01294) is used for tensors, maps invariant features onto components in fixed axes
and so does not turn with the crystal.
"""
