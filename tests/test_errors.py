"""Errors and warnings that name an argument keep it wherever they are raised."""

import pickle

import pytest

from hdrgen.errors import InputError, InputWarning


@pytest.mark.parametrize("kind", [InputError, InputWarning])
def test_argument(kind):
    assert kind("too large").argument is None
    given = kind("too large; pass max_megapixels=800", argument="max_megapixels")
    assert (str(given), given.argument) == ("too large; pass max_megapixels=800", "max_megapixels")


@pytest.mark.parametrize("kind", [InputError, InputWarning])
def test_argument_from_another_process(kind):
    again = pickle.loads(pickle.dumps(kind("too large", "max_megapixels")))
    assert (type(again), str(again), again.argument) == (kind, "too large", "max_megapixels")
