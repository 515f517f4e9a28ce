"""Recipes by name or from a JSON file, with changes told as words."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from crysnb.errors import CrysnbError, ShapeError, UnknownName, quote
from crysnb.files import parse_json, read_whole
from crysnb.training.recipe import Recipe
from crysnb.training.recipes import RECIPES, recipe_from
from crysnb.training.tensor_recipe import TensorRecipe

log = logging.getLogger(__name__)

_MAX_BYTES = 1 << 16

R = TypeVar("R", bound=Recipe)


def find_recipe(word: str | Path) -> Recipe:
    """A shipped recipe by name, or one that a ``.json`` file holds.

    The file is an object of fields of :class:`~crysnb.training.recipe.Recipe` and of its network's
    configuration. ``base`` names a shipped recipe, and the other keys change it; without it every field
    that has no default must be there, as in the ``recipe.json`` of an output folder.

    Raises
    ------
    UnknownName
        For a name that is not shipped, or a field that does not exist.
    CrysnbError
        ``recipe.not_found``, ``recipe.not_a_file``, ``recipe.unreadable_file``, ``recipe.too_large``;
        ``recipe.syntax`` for what is no JSON object; ``recipe.range`` and ``config.range`` for values.
    """
    if not str(word).endswith(".json"):
        return RECIPES.get(str(word))
    path = Path(word)
    content = read_whole(path, "recipe", limit=_MAX_BYTES, too_large=_too_large)
    data = parse_json(content, depth=5, refuse=_refuse)
    if not isinstance(data, dict):
        raise _refuse("no object", _FORM)
    base = data.pop("base", None)
    if base is None:
        return recipe_from(data)
    model = data.pop("model", {})
    if not isinstance(base, str) or not isinstance(model, dict):
        raise _refuse("a base that is no name, or a model that is no object", _FORM)
    recipe = RECIPES.get(base)
    known = {f.name for f in fields(recipe.model)} | {"schema_version"}
    for name in model:
        if name not in known:
            raise UnknownName.of("field of the model", name, known)
        if name in data:
            raise _refuse(f"one that gives {quote(name)} twice", "each field once, in the model or beside it")
    return changed(recipe, {**model, **data})


def changed(recipe: R, changes: Mapping[str, Any]) -> R:
    """The recipe with other values of some fields, each of which is checked.

    The further data sets of a shipped recipe go with its own: with another ``dataset`` it has those
    alone that ``changes`` name.
    """
    changes = dict(changes)
    version = changes.pop("schema_version", 1)
    if type(version) is not int or version != 1:
        raise _refuse("an unknown schema_version", "1")
    if "learns" in changes:
        learns = changes["learns"]
        changes.setdefault("properties", learns if isinstance(learns, (list, tuple)) else [learns])
    if changes.get("dataset", recipe.dataset) != recipe.dataset and _is_shipped(recipe):
        kept = {"lesson_epochs"} if "lessons" in changes else set()
        changes = {name: value for name, value in _alone(recipe).items() if name not in kept} | changes
    return recipe.with_changes(**changes)


def from_folder(recipe: R, folder: str, *, published: bool = False) -> R:
    """The recipe for crystals of one's own, in a folder of that name: it learns from them alone.

    A recipe that already names this data set stays as it is, a shipped one only for the ``published``
    crystals of that name. Another one gives up its further data sets, which the log tells. A model of one's
    own never has the name of a shipped one.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder).strip("-._")[:60] or "mine"
    if recipe.dataset == name and (published or recipe.name not in RECIPES.list()):
        return recipe
    further = [*recipe.also, *(recipe.lessons if isinstance(recipe, TensorRecipe) else ())]
    if further:
        log.warning(
            "Only %s is learned from: %s left out. To learn from them too, set dataset=%s and pass "
            "the folder that holds them all as --data",
            quote(folder),
            ", ".join(further),
            name,
        )
    free = f"my-{name}" if name in RECIPES.list() else name
    own = {"name": free} if recipe.name in RECIPES.list() else {}
    return recipe.with_changes(dataset=name, **_alone(recipe), **own)


def _alone(recipe: Recipe) -> dict[str, Any]:
    """Changes after which a recipe has no further data sets, and no file that chooses from its own."""
    if isinstance(recipe, TensorRecipe):
        return {"also": (), "lessons": (), "lesson_epochs": 0}
    return {"subset": "", "count": 0, "also": ()}


def _is_shipped(recipe: Recipe) -> bool:
    return recipe.name in RECIPES.list() and RECIPES.get(recipe.name) == recipe


def changes_of(words: Iterable[str]) -> dict[str, Any]:
    """Fields and values from words such as ``noise=0.02``, ``also=[]`` or ``name=mine``.

    A value is JSON, or else taken as text.

    Raises
    ------
    ShapeError
        ``recipe.change`` for a word without a name and a value, or a name that comes twice.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        whole = bool(name and sign and value)
        if not whole or name in found:
            raise ShapeError(
                "recipe.change",
                found=f"{quote(word)}{' comes after another value' if whole else ''}",
                accepted="NAME=VALUE, once for each name",
            )
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found


_FORM = 'an object such as {"base": "gmtnet-dielectric", "name": "mine", "dataset": "mine", "target": "eps"}'


def _too_large(size: int) -> CrysnbError:
    return ShapeError(
        "recipe.too_large", found=f"a recipe of {size:,} bytes", accepted=f"at most {_MAX_BYTES:,} bytes"
    )


def _refuse(found: str, accepted: str) -> CrysnbError:
    return ShapeError("recipe.syntax", found=f"the recipe is {found}", accepted=accepted)
