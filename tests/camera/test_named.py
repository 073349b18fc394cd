"""Responses by name: those that need no file, a file, and one curve of a file of many."""

import pytest
import torch

from hdrgen.camera import SRGB, Gamma, TabulatedResponse, save_curve, save_response
from hdrgen.camera.named import checked_response, response_named
from hdrgen.errors import InputError

LEVELS = torch.linspace(0, 1, 9)


def curve(power, name="a curve"):
    return TabulatedResponse(LEVELS, LEVELS**power, name)


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("linear", Gamma(1.0)),
        ("LINEAR", Gamma(1.0)),
        ("sRGB", SRGB()),
        ("gamma", Gamma(2.2)),
        ("Gamma", Gamma(2.2)),
        ("gamma:1.8", Gamma(1.8)),
        ("GAMMA:2.4", Gamma(2.4)),
    ],
)
def test_names_that_need_no_file(name, response):
    torch.testing.assert_close(response_named(name)(LEVELS), response(LEVELS))


def test_a_file_and_one_curve_of_many(tmp_path):
    of_all = save_curve(curve(0.5, "mine"), tmp_path / "a: b.json")
    channels = save_response(
        TabulatedResponse(LEVELS.expand(3, -1), torch.stack([LEVELS, LEVELS**0.5, LEVELS**0.25])), tmp_path / "c.json"
    )
    torch.testing.assert_close(response_named(str(of_all))(LEVELS), LEVELS**0.5)
    torch.testing.assert_close(response_named(f"{of_all}:mine")(LEVELS), LEVELS**0.5)
    torch.testing.assert_close(response_named(f"{channels}:blue")(LEVELS), LEVELS**0.25)
    with pytest.raises(InputError) as caught:
        response_named(f"{channels}:gren")
    assert str(caught.value) == f"{channels}: no curve 'gren' among 3; did you mean green?"
    assert caught.value.argument == "response"


@pytest.mark.parametrize("name", ["gamma:", "gamma:two", "nowhere.json", "nowhere.json:red", ":", "", "srgb:red"])
def test_what_is_no_response_is_told_with_what_would_be(name):
    with pytest.raises(InputError) as caught:
        response_named(name)
    expected = f"expected a response (linear, srgb, gamma:2.2, a file, or FILE:CURVE), found {name!r}"
    assert str(caught.value) == expected + ("" if name.startswith("gamma:") else "; no such file")
    assert caught.value.argument == "response"


@pytest.mark.parametrize("name", [".", "{folder}", "{folder}:mine", "{folder}/"])
def test_a_folder_is_called_one(name, tmp_path):
    with pytest.raises(InputError, match=r"expected a response .*, found the folder '.*'; name a file in it") as error:
        response_named(name.format(folder=tmp_path))
    assert error.value.argument == "response"


@pytest.mark.parametrize(
    "response", [lambda exposure: exposure, None, 2.2, ["srgb"], b"srgb", SRGB, torch.linspace(0, 1, 256), object()]
)
def test_what_is_neither_a_name_nor_a_curve_is_refused(response):
    with pytest.raises(InputError, match=r"or a CameraResponse such as .*, found .*; pass response='srgb'") as error:
        checked_response(response)
    assert error.value.argument == "response"
    assert len(str(error.value)) < 300


def test_files_may_be_paths(tmp_path):
    file = save_curve(curve(0.5), tmp_path / "a.json")
    assert checked_response(file) == str(file)
    assert checked_response("srgb") == "srgb"
    own = Gamma(2.0)
    assert checked_response(own) is own
