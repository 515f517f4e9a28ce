"""Losses of tensor training, all invariant under rotation."""

from __future__ import annotations

import torch
from torch import Tensor

from crysnb.models.gmtnet.heads import log_minus_one, one_plus_exp
from crysnb.training.recipe import Recipe


def dielectric_loss(latent: Tensor, label: Tensor, recipe: Recipe) -> Tensor:
    """Loss of predicted S = log(ε − 1) against labelled ε, both [crystal, 3, 3].

    Sum of three means over crystals: ‖Ŝ − S‖, the relative error ‖ε̂ − ε‖/‖ε‖ (capped at 2, so that a
    bad start cannot dominate), and the error of the traceless part relative to its own size (plus 5 %
    of the whole, so that nearly isotropic crystals do not ask for the impossible).
    """
    return weighted_loss(latent - log_minus_one(label), one_plus_exp(latent), label, recipe)


def weighted_loss(latent_error: Tensor, epsilon: Tensor, label: Tensor, recipe: Recipe) -> Tensor:
    """The three terms from the error in the learned quantity and the predicted ε, all [crystal, 3, 3]."""
    difference = _size(latent_error)
    norm = _size(label)
    relative = (_size(epsilon - label) / norm).clamp(max=2.0)
    shape, true_shape = _traceless(epsilon), _traceless(label)
    anisotropy = (_size(shape - true_shape) / (_size(true_shape) + 0.05 * norm)).clamp(max=2.0)
    return (
        recipe.latent_weight * difference.mean()
        + recipe.relative_weight * relative.mean()
        + recipe.anisotropy_weight * anisotropy.mean()
    )


def _size(t: Tensor) -> Tensor:
    # The offset keeps the gradient of the norm finite at zero.
    return torch.sqrt(t.square().sum(dim=(1, 2)) + 1e-12)


def _traceless(t: Tensor) -> Tensor:
    trace = t.diagonal(dim1=1, dim2=2).mean(1)
    return t - trace[:, None, None] * torch.eye(3, dtype=t.dtype, device=t.device)
