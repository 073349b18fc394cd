"""The weights that come with hdrgen: whole, small, described, usable offline, and making what they always made."""

import hashlib
import json
import socket

import pytest
import torch

import hdrgen
from hdrgen.exporting.model_card import LATER
from hdrgen.methods import HDRModule
from hdrgen.weights import DEFAULT, card_of, packaged_files, read_card, subclasses
from tests.checkpoint_files import example_of, perturbed
from tests.weights.packaged import KEPT, values_of

PACKAGED = packaged_files()
every_packaged = pytest.mark.parametrize(
    "path",
    PACKAGED or [pytest.param(None, marks=pytest.mark.skip(reason="no weights are packaged yet"))],
    ids=[path.stem for path in PACKAGED] or None,
)
LARGEST, DEFAULT_LARGEST = 12e6, 3e6
"""Bytes of all together, and of the default."""
TOLERANCE = 0.005
"""Stops: another machine's rounding."""


@pytest.fixture
def offline(monkeypatch):
    def refuse(*arguments):
        raise AssertionError(f"a connection to {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@every_packaged
def test_the_file_is_the_one_that_its_card_describes(path):
    content, facts = path.read_bytes(), read_card(card_of(path)).facts
    assert (facts["size"], facts["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert facts["method"] in {method.__name__ for method in subclasses(HDRModule)}


@every_packaged
def test_the_card_is_filled_in(path):
    card = read_card(card_of(path))
    assert all(card.fact(name) for name in ("about", "score", "terms"))
    assert LATER not in card.text


@every_packaged
def test_it_makes_what_it_made_when_it_was_packaged(path, offline):
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    method = hdrgen.load(path.stem, device="cpu").method
    assert all(value.dtype != torch.float16 for value in method.state_dict().values())
    made, wanted = torch.tensor(values_of(method)), torch.tensor(kept[path.stem])
    torch.testing.assert_close(made, wanted, rtol=0, atol=TOLERANCE)


def test_together_they_are_small():
    assert sum(path.stat().st_size for path in PACKAGED) <= LARGEST
    assert all(path.stat().st_size <= DEFAULT_LARGEST for path in PACKAGED if path.stem == DEFAULT)


@pytest.mark.parametrize("name", ["InverseCamera", "CEVR", "AdaptiveITM", "HDRGAN"])
def test_the_values_see_a_change_of_three_hundredths_of_the_weights(name, offline):
    method = perturbed(example_of(name).model())
    before = torch.tensor(values_of(method))
    assert torch.equal(before, torch.tensor(values_of(method)))
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.mul_(1.03)
    assert float((torch.tensor(values_of(method)) - before).abs().max()) > TOLERANCE
