"""M4: weights or card that were changed, cut, swapped or forged are refused before they are parsed or used.

Source: safetensors itself loads a file with one data bit changed, and NaN weights (measured).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

import crysnb as cn
from crysnb.errors import CrysnbError, WeightsCorrupt
from crysnb.models.gmtnet import build
from crysnb.weights import store
from crysnb.weights.card import ModelCard

#: Every model that comes with the package; damage is done to each of them.
SHIPPED = {name: store.load(name) for name in store.shipped()}
STORED = SHIPPED["gmtnet-dielectric"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, "gmtnet-dielectric")


@pytest.fixture(params=sorted(SHIPPED))
def each(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a shipped model."""
    return written(tmp_path, request.param)


def written(place: Path, name: str) -> Path:
    store.save(place / "model", SHIPPED[name].card, SHIPPED[name].tensors)
    return place / "model"


def forge(folder: Path, content: bytes) -> None:
    """Weights with a card that vouches for them."""
    (folder / store.WEIGHTS).write_bytes(content)
    card = dataclasses.replace(
        ModelCard.from_json((folder / store.CARD).read_bytes()), sha256=hashlib.sha256(content).hexdigest()
    )
    (folder / store.CARD).write_text(card.to_json())


def refused(folder: Path, code: str = "weights.corrupt") -> str:
    with pytest.raises(WeightsCorrupt) as caught:
        cn.predict("NaCl", folder)
    assert caught.value.code == code
    assert "again" in caught.value.action or "Export" in caught.value.action
    return caught.value.text


def test_each_of_a_hundred_flipped_bytes(each: Path) -> None:
    file = each / store.WEIGHTS
    content = file.read_bytes()
    header = 8 + struct.unpack("<Q", content[:8])[0]
    rng = random.Random(4)  # noqa: S311 - a reproducible choice
    places = [*range(8), *rng.sample(range(8, header), 22), *rng.sample(range(header, len(content)), 70)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << rng.randrange(8)
        file.write_bytes(changed)
        assert "SHA-256" in refused(each)


@pytest.mark.parametrize("name", [store.WEIGHTS, store.CARD])
@pytest.mark.parametrize("tenth", range(10))
def test_cut_at_each_tenth(each: Path, name: str, tenth: int) -> None:
    file = each / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size * tenth // 10])
    refused(each, "weights.corrupt" if name == store.WEIGHTS else "weights.card")


def test_extended(each: Path) -> None:
    with (each / store.WEIGHTS).open("ab") as file:
        file.write(b"\0")
    assert "SHA-256" in refused(each)


def test_swapped_between_two_models(each: Path, tmp_path: Path) -> None:
    stored = store.load(each)
    tensors = {k: v + 1e-3 if v.is_floating_point() else v for k, v in stored.tensors.items()}
    store.save(tmp_path / "other", stored.card, tensors)
    (each / store.WEIGHTS).write_bytes((tmp_path / "other" / store.WEIGHTS).read_bytes())
    assert "SHA-256" in refused(each)


def test_the_two_files_of_a_folder_swapped(each: Path) -> None:
    weights, card = each / store.WEIGHTS, each / store.CARD
    a, b = weights.read_bytes(), card.read_bytes()
    weights.write_bytes(b)
    card.write_bytes(a)
    refused(each, "weights.card")


@pytest.mark.parametrize("vouched", [False, True])
def test_weights_of_another_shipped_model(each: Path, vouched: bool) -> None:
    own = store.load(each).card.name
    for name in sorted(set(SHIPPED) - {own}):
        content = (Path(store.__file__).parent / "shipped" / name / store.WEIGHTS).read_bytes()
        (each / store.WEIGHTS).write_bytes(content)
        if vouched:
            card = dataclasses.replace(SHIPPED[own].card, sha256=hashlib.sha256(content).hexdigest())
            (each / store.CARD).write_text(card.to_json())
        refused(each, "weights.mismatch" if vouched else "weights.corrupt")


def files() -> list[tuple[str, str]]:
    """Every file of every shipped model; not each has a domain."""
    return [
        (name, file)
        for name, stored in sorted(SHIPPED.items())
        for file in (store.WEIGHTS, store.CARD, *([store.DOMAIN] if stored.reference else []))
    ]


@pytest.mark.parametrize(("name", "file"), files())
def test_a_changed_file_of_each_shipped_model(
    tmp_path: Path, name: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten bytes of it one after the other; and the file cut in half."""
    source = Path(store.__file__).parent / "shipped"
    shutil.copytree(source, tmp_path / "shipped")
    monkeypatch.setattr(store, "_SHIPPED", tmp_path / "shipped")
    store.load(name)
    place = tmp_path / "shipped" / name / file
    content = place.read_bytes()
    rng = random.Random(6)  # noqa: S311 - a reproducible choice
    damaged = [content[: len(content) // 2]]
    for at in rng.sample(range(len(content)), 10):
        changed = bytearray(content)
        changed[at] ^= 1 << rng.randrange(8)
        damaged.append(bytes(changed))
    for one in damaged:
        place.write_bytes(one)
        with pytest.raises(WeightsCorrupt) as caught:
            store.load(name)
        assert caught.value.code == "weights.corrupt"


def test_shipped_files_answer_to_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a forged card vouches for forged weights."""
    place = tmp_path / "gmtnet-dielectric"
    store.save(place, STORED.card, STORED.tensors)
    assert STORED.reference is not None
    store.save_reference(place, store.load(place).card, STORED.reference)
    manifest = {"gmtnet-dielectric": store.manifest_of(place)}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(store, "_SHIPPED", tmp_path)
    store.load("gmtnet-dielectric")
    store.save(place, STORED.card, {k: v * 1 for k, v in STORED.tensors.items()} | {"extra": torch.ones(1)})
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        store.load("gmtnet-dielectric")


def header(entries: dict[str, Any] | str, data: bytes = b"", length: int | None = None) -> bytes:
    text = (entries if isinstance(entries, str) else json.dumps(entries)).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(shape: list[int], start: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


FORGED = {
    "header of 2^63 bytes": header({"a": entry([1], 0, 4)}, b"abcd", 2**63),
    "header of 2^64 - 1 bytes": header({"a": entry([1], 0, 4)}, b"abcd", 2**64 - 1),
    "header longer than the file": header({"a": entry([1], 0, 4)}, b"abcd", 10**9),
    "header of nothing": struct.pack("<Q", 0),
    "only a length": struct.pack("<Q", 2),
    "empty": b"",
    "deep header": header('{"a":' * 5000 + "1" + "}" * 5000),
    "duplicate key": header('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":1}', b"abcd"),
    "overlapping": header({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, b"abcd"),
    "hole": header({"a": entry([1], 4, 8)}, b"abcdefgh"),
    "oversized shape": header({"a": entry([2**62, 4], 0, 4)}, b"abcd"),
    "shape that overflows": header({"a": entry([2**63, 2], 0, 4)}, b"abcd"),
    "offsets backwards": header({"a": entry([1], 4, 0)}, b"abcd"),
    "unknown dtype": header({"a": entry([1], 0, 4, "F33")}, b"abcd"),
    "eight bit floats": header({"a": entry([4], 0, 4, "F8_E4M3")}, b"abcd"),
    "complex": header({"a": entry([1], 0, 8, "C64")}, b"abcdefgh"),
    "NaN": header({"a": entry([1], 0, 4)}, struct.pack("<f", float("nan"))),
    "infinity": header({"a": entry([1], 0, 4)}, struct.pack("<f", float("inf"))),
    "html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "git lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_that_its_card_vouches_for(each: Path, name: str) -> None:
    forge(each, FORGED[name])
    refused(each)


@pytest.mark.parametrize("missing", [True, False])
def test_weights_of_another_shape(folder: Path, missing: bool) -> None:
    tensors = dict(STORED.tensors)
    telling = build.telling_shapes(STORED.card.config)  # these few are looked at before the network is built
    name = next(n for n in sorted(tensors) if n not in telling)
    tensors = {k: v for k, v in tensors.items() if k != name} if missing else tensors | {name: torch.ones(7)}
    store.save(folder, STORED.card, tensors)
    with pytest.raises(WeightsCorrupt) as caught:
        cn.predict("NaCl", folder)
    assert caught.value.code == "weights.mismatch"


def forged_cards(text: str) -> dict[str, bytes]:
    base = json.loads(text)
    return {
        "deep": b'{"a": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        "deep but closed late": b"[" * 500_000,
        "deep inside": json.dumps({**base, "training": json.loads('{"a":' * 25 + "1" + "}" * 25)}).encode(),
        "duplicate key": b'{"sha256": "0", ' + text.encode()[1:],
        "large": text.encode() + b" " * (2 << 20),
        "not utf-8": b"\xff" + text.encode(),
        "null": b"null",
        "number that overflows": text.encode().replace(b'"schema_version": 1', b'"schema_version": 1e999'),
        "NaN": json.dumps({**base, "metrics": {"test": float("nan")}}).encode(),
        "factor": json.dumps({**base, "metrics": {"uncertainty_factor": "2"}}).encode(),
        "negative factor": json.dumps({**base, "metrics": {"uncertainty_factor": -1}}).encode(),
        "largest label": json.dumps({**base, "dataset": {"max_entry": [1]}}).encode(),
        "counts": json.dumps({**base, "element_counts": {"Na": "many"}}).encode(),
    }


@pytest.mark.parametrize("name", forged_cards(STORED.card.to_json()))
def test_a_forged_card(each: Path, name: str) -> None:
    (each / store.CARD).write_bytes(forged_cards((each / store.CARD).read_text())[name])
    refused(each, "weights.card")


@pytest.mark.parametrize("value", [None, True, -1, 0, 1e300, 10**30, "x", "../..", [], {}, [[]]], ids=repr)
@pytest.mark.parametrize(
    "key", ["family", "config", "properties", "targets", "name", "l_max", "cutoff", "heads"]
)
def test_any_value_in_a_card_brings_only_our_errors(folder: Path, key: str, value: Any) -> None:
    data = json.loads(STORED.card.to_json())
    place = data if key in data else data["config"]
    place[key] = value
    (folder / store.CARD).write_text(json.dumps(data))
    try:
        cn.predict("NaCl", folder)
    except CrysnbError as error:
        assert error.code.split(".")[0] in ("weights", "config", "name", "domain"), error  # noqa: PT017
