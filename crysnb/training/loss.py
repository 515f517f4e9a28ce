"""Losses of tensor training, all invariant under rotation."""

from __future__ import annotations

import torch
from torch import Tensor

from crysnb.models.tensor_head import tensor_of
from crysnb.models.tensor_targets import bounded_log, target_of, to_mandel
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.property_spec import property_spec

#: Errors are relative to the norm plus this much: tensors of 0.05 C/m² and below are hardly more than noise.
_FLOORS = {"piezoelectric": 0.05}


def tensor_loss(latent: Tensor, label: Tensor, recipe: TensorRecipe) -> Tensor:
    """Loss of what the head gives, e.g. S = log(ε − 1), against labelled tensors, both [crystal, 3, …, 3].

    Sum of three means over crystals: ‖Ŝ − S‖, the relative error ‖T̂ − T‖/‖T‖ (capped at 2, so that a
    bad start cannot dominate), and the error of the anisotropic part relative to its own size (plus 5 %
    of the whole, so that nearly isotropic crystals do not ask for the impossible). For a stiffness
    ``recipe.moduli_weight`` times :func:`moduli_loss` comes on top.
    """
    kind = tensor_of(property_spec(recipe.learns)).name
    target = target_of(kind)
    floor = _FLOORS.get(kind, 0.0)
    loss = weighted_loss(latent - target.latent(label), target.tensor(latent), label, recipe, floor)
    if recipe.moduli_weight:
        loss = loss + recipe.moduli_weight * moduli_loss(latent, hill_moduli(target.latent(label)))
    return loss


def weighted_loss(
    latent_error: Tensor, tensor: Tensor, label: Tensor, recipe: TensorRecipe, floor: float = 0.0
) -> Tensor:
    """The three terms from the error in the learned quantity and the predicted tensor, [crystal, 3, …, 3].

    Errors are taken relative to the norm of the label plus ``floor``.
    """
    difference = _size(latent_error)
    norm = _size(label)
    relative = (_size(tensor - label) / (norm + floor)).clamp(max=2.0)
    if not recipe.anisotropy_weight:
        return recipe.latent_weight * difference.mean() + recipe.relative_weight * relative.mean()
    shape, true_shape = anisotropic(tensor), anisotropic(label)
    anisotropy = (_size(shape - true_shape) / (_size(true_shape) + 0.05 * norm)).clamp(max=2.0)
    return (
        recipe.latent_weight * difference.mean()
        + recipe.relative_weight * relative.mean()
        + recipe.anisotropy_weight * anisotropy.mean()
    )


def moduli_loss(latent: Tensor, moduli: Tensor) -> Tensor:
    """Mean of |log K̂/K| + |log Ĝ/G| over crystals.

    Parameters
    ----------
    latent
        Predicted log(c/GPa), [crystal, 3, 3, 3, 3].
    moduli
        Bulk and shear modulus in GPa, [crystal, 2].
    """
    return torch.log(hill_moduli(latent) / moduli).abs().sum(1).mean()


def hill_moduli(latent: Tensor) -> Tensor:
    """K and G in GPa, [crystal, 2], of stiffnesses given as log(c/GPa), [crystal, 3, 3, 3, 3].

    Means of Voigt's and Reuss's averages, Hill (1952), doi:10.1088/0370-1298/65/5/307, as
    :func:`crysnb.tensors.moduli.vrh_moduli` has them, but with a gradient. The compliance is exp(−S).
    """
    s = bounded_log(latent)
    voigt = _isotropic_values(torch.linalg.matrix_exp(s))
    reuss = 1 / _isotropic_values(torch.linalg.matrix_exp(-s))
    factors = torch.tensor([3.0, 2.0], dtype=s.dtype, device=s.device)
    return ((voigt + reuss) / 2 / factors).to(latent.dtype)


def anisotropic(t: Tensor) -> Tensor:
    """What is left of tensors [crystal, 3, …, 3] without their isotropic part; rank 2 or 4, symmetric.

    The isotropic part is a multiple of the unit for rank 2, and 3K J + 2G (1 − J) with Voigt's K and G for
    rank 4, where J projects strains onto a change of volume.
    """
    if t.ndim == 3:
        trace = t.diagonal(dim1=1, dim2=2).mean(1)
        return t - trace[:, None, None] * torch.eye(3, dtype=t.dtype, device=t.device)
    m = to_mandel(t)
    values = _isotropic_values(m)[:, :, None, None]
    volume = _volume(m)
    shear = torch.eye(6, dtype=m.dtype, device=m.device) - volume
    return m - values[:, 0] * volume - values[:, 1] * shear


def _isotropic_values(m: Tensor) -> Tensor:
    """Means of Mandel forms [crystal, 6, 6] over a change of volume and over five shears, [crystal, 2]."""
    volume = torch.einsum("nab,ab->n", m, _volume(m))
    return torch.stack([volume, (m.diagonal(dim1=1, dim2=2).sum(1) - volume) / 5], dim=1)


def _volume(like: Tensor) -> Tensor:
    """Projector onto a change of volume in Mandel form, [6, 6]."""
    unit = torch.zeros(6, dtype=like.dtype, device=like.device)
    unit[:3] = 3**-0.5
    return torch.outer(unit, unit)


def _size(t: Tensor) -> Tensor:
    # The offset keeps the gradient of the norm finite at zero.
    return torch.sqrt(t.square().sum(dim=tuple(range(1, t.ndim))) + 1e-12)
