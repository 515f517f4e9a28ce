"""The recipes that come with the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crysnb.errors import UnknownName
from crysnb.models.cgcnn.config import CGCNNConfig
from crysnb.models.crystal_transformer.config import PRESETS
from crysnb.models.etgnn.config import ETGNNConfig
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.sen.classic import ClassicConfig
from crysnb.models.sen.config import SENConfig
from crysnb.registry import Registry
from crysnb.training.recipe import Recipe
from crysnb.training.scalar_recipe import ScalarRecipe
from crysnb.training.tensor_recipe import TensorRecipe

RECIPES: Registry[Recipe] = Registry("recipe")
RECIPES.add(
    "gmtnet-dielectric",
    TensorRecipe(
        name="gmtnet-dielectric",
        learns="dielectric",
        dataset="mp_dielectric",
        target="eps_electronic",
        max_entry=100.0,
        # Chosen with crysnb.studies.crossval, inside the training and validation parts.
        model=GMTNetConfig(properties=("dielectric",), dropout=0.2),
        epochs=60,
        noise=0.06,
        members=4,
    ),
)
RECIPES.add(
    "gmtnet-dielectric-total",
    # The ionic part diverges at a soft mode: three crystals of train and val lie above the limit.
    RECIPES.get("gmtnet-dielectric").with_changes(
        name="gmtnet-dielectric-total",
        learns="dielectric_total",
        properties=("dielectric_total",),
        target="eps_total",
        max_entry=200.0,
        members=1,
    ),
)
RECIPES.add(
    "gmtnet-elastic",
    TensorRecipe(
        name="gmtnet-elastic",
        learns="elastic",
        dataset="mp_elastic_2015",
        target="elastic",
        max_entry=1500.0,
        model=GMTNetConfig(properties=("elastic",), cutoff=5.0, dropout=0.1),
        epochs=12,
        noise=0.03,
        moduli_weight=0.5,
        also=("mp_elastic_2022",),
        lessons=("mp_moduli_3k", "mp_moduli_binary"),
        lesson_epochs=8,
        lesson_atoms=10,
        members=2,
    ),
)
RECIPES.add(
    "gmtnet-piezoelectric",
    TensorRecipe(
        name="gmtnet-piezoelectric",
        learns="piezoelectric",
        dataset="mp_piezoelectric",
        target="piezo",
        max_entry=20.0,
        model=GMTNetConfig(properties=("piezoelectric",), cutoff=5.0, dropout=0.1, l_max=3),
        epochs=40,
        anisotropy_weight=0.0,
        noise=0.03,
        members=4,
    ),
)
RECIPES.add(
    "crystal-transformer",
    ScalarRecipe(
        name="crystal-transformer",
        family="crystal_transformer",
        learns=("formation_energy", "band_gap"),
        dataset="mp_eform_gap_36k",
        subset="mp12k.json",
        targets=("formation_energy_per_atom", "band_gap_pbe"),
        model=replace(PRESETS.get("small"), cutoff=5.0),
        epochs=18,
        learning_rate=1e-3,
        gradient_clip=1.0,
        ema=0.998,
        noise=0.015,
    ),
)
RECIPES.add(
    "cgcnn",
    ScalarRecipe(
        name="cgcnn",
        family="cgcnn",
        learns=("formation_energy", "band_gap"),
        dataset="mp_eform_gap_36k",
        subset="mp12k.json",
        targets=("formation_energy_per_atom", "band_gap_pbe"),
        model=CGCNNConfig(properties=("formation_energy", "band_gap")),
        epochs=60,
        batch_size=64,
        gradient_clip=1.0,
        ema=0.998,
    ),
)
RECIPES.add(
    "sen-e3",
    ScalarRecipe(
        name="sen-e3",
        family="sen",
        learns=("formation_energy", "band_gap"),
        dataset="mp_eform_gap_36k",
        subset="mp12k.json",
        targets=("formation_energy_per_atom", "band_gap_pbe"),
        model=SENConfig.fast(dropout=0.1),
        epochs=18,
        gradient_clip=1.0,
        ema=0.999,
    ),
)
RECIPES.add(
    "sen-e3-analysis",
    # For a GPU: order 4 takes several times as long as order 2.
    RECIPES.get("sen-e3").with_changes(
        name="sen-e3-analysis",
        **{k: v for k, v in SENConfig.analysis(dropout=0.1).to_dict().items() if k != "schema_version"},
    ),
)
RECIPES.add(
    "sen-classic",
    ScalarRecipe(
        name="sen-classic",
        family="sen_classic",
        learns=("formation_energy", "band_gap"),
        dataset="mp_eform_gap_36k",
        subset="mp12k.json",
        targets=("formation_energy_per_atom", "band_gap_pbe"),
        model=ClassicConfig(),
        epochs=24,
        learning_rate=1e-3,
        gradient_clip=1.0,
        ema=0.999,
    ),
)
RECIPES.add(
    "etgnn-dielectric",
    TensorRecipe(
        name="etgnn-dielectric",
        family="etgnn",
        learns="dielectric",
        dataset="mp_dielectric",
        target="eps_electronic",
        max_entry=100.0,
        model=ETGNNConfig(properties=("dielectric",)),
        epochs=60,
        noise=0.03,
    ),
)
RECIPES.add(
    "megnet-dielectric",
    RECIPES.get("etgnn-dielectric").with_changes(name="megnet-dielectric", family="megnet-tensor"),
)


def recipe_from(data: Mapping[str, Any]) -> Recipe:
    """A recipe from what its ``to_dict`` gives: with ``targets`` one of numbers, otherwise of a tensor."""
    return (ScalarRecipe if "targets" in data else TensorRecipe).from_dict(data)


def tensor_recipe(name: str) -> TensorRecipe:
    """The shipped recipe called ``name``, which learns a tensor; :class:`UnknownName` otherwise."""
    recipe = RECIPES.get(name)
    if not isinstance(recipe, TensorRecipe):
        raise UnknownName.of("recipe of a tensor", name, TENSOR_RECIPES)
    return recipe


#: Names of the recipes that learn a tensor.
TENSOR_RECIPES = tuple(n for n in RECIPES.list() if isinstance(RECIPES.get(n), TensorRecipe))
