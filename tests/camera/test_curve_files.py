import json

import numpy as np
import pytest
import scipy.io
import torch

from hdrgen.camera import TabulatedResponse, emor_curve, load_curves, save_curve
from hdrgen.camera.curve_files import load_response, save_response
from hdrgen.camera.matlab_files import tables_in
from hdrgen.errors import InputError

DORF = """film-200Red
graph
I =
0 0.25 0.5
0.75 1
B =
0 0.5 0.7 0.85 1
gamma+1.4
mathematical function
I = 0 0.5 1
B = 0 0.6 1
"""


def test_dorf_text(tmp_path):
    path = tmp_path / "dorfCurves.txt"
    path.write_text(DORF)
    film, gamma = load_curves(path)
    assert (film.name, gamma.name) == ("film-200Red", "gamma+1.4")
    assert film.irradiance.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert gamma.brightness.tolist() == [0, 0.6, 1]


def test_json_round_trip(tmp_path):
    curve = TabulatedResponse(torch.tensor([0.0, 0.3, 1.0]), torch.tensor([0.0, 0.7, 1.0]), "mine")
    (again,) = load_curves(save_curve(curve, tmp_path / "curve.json"))
    assert again.name == "mine"
    torch.testing.assert_close(again.irradiance.float(), curve.irradiance)
    torch.testing.assert_close(again.brightness.float(), curve.brightness)


def test_mat_curves_and_their_inverses(tmp_path):
    grid = np.linspace(0, 1, 64)
    scipy.io.savemat(tmp_path / "crf.mat", {"I": np.stack([grid, grid]), "B": np.stack([grid**0.5, grid**0.4])})
    scipy.io.savemat(tmp_path / "inv.mat", {"invB": grid[None], "invI": grid[None] ** 2})
    curves = load_curves(tmp_path / "crf.mat")
    assert [curve.name for curve in curves] == ["crf 0", "crf 1"]
    (inverse,) = load_curves(tmp_path / "inv.mat")
    assert float(inverse.inverse(torch.tensor(0.5))) == pytest.approx(0.25, abs=1e-3)


def test_a_response_of_three_channels_comes_back(tmp_path):
    x = torch.linspace(0, 1, 5, dtype=torch.float64)
    response = TabulatedResponse(torch.stack([x**power for power in (1.0, 2.0, 3.0)]), x.expand(3, 5))
    path = save_response(response, tmp_path / "mine.json", {"error": 0.01})
    again = load_response(path)
    torch.testing.assert_close(again.irradiance, response.irradiance)
    torch.testing.assert_close(again.brightness, response.brightness)
    assert again.name == "mine.json"
    assert [(record["name"], record["error"]) for record in json.loads(path.read_text())] == [
        ("red", 0.01),
        ("green", 0.01),
        ("blue", 0.01),
    ]
    with pytest.raises(InputError, match=r"b\.json: expected a curve per channel, found tables \(2, 5\)"):
        save_response(TabulatedResponse(x.expand(2, 5), x.expand(2, 5)), tmp_path / "b.json")


def test_a_response_is_one_curve_or_three_of_a_size(tmp_path):
    path = tmp_path / "a.json"
    one, longer = ({"irradiance": x, "brightness": x} for x in ([0, 0.5, 1], [0, 0.3, 0.6, 1]))
    path.write_text(json.dumps(one))
    assert load_response(path).irradiance.tolist() == [0, 0.5, 1]
    for curves in ([one, one], [one, one, longer], [one] * 4):
        path.write_text(json.dumps(curves))
        with pytest.raises(InputError, match=rf"for each channel, found {len(curves)}; name one of them: response="):
            load_response(path)


def test_emor_text(tmp_path):
    grid = np.linspace(0, 1, 6)
    blocks = {"E ": grid, "f0 ": grid**0.5, "h(1)": grid * (1 - grid), "h(2)": -grid * (1 - grid) ** 2}
    text = "".join(f"{key}= \n{' '.join(f'{v:.6e}' for v in values)}\n" for key, values in blocks.items())
    path = tmp_path / "emor.txt"
    path.write_text(text.replace("e-01", "e-001"))  # the three-digit exponents of the original file
    curve = emor_curve([0.2, -0.1], path)
    assert curve.name == "emor 0.2 -0.1"
    expected = grid**0.5 + 0.2 * grid * (1 - grid) + 0.1 * grid * (1 - grid) ** 2
    np.testing.assert_allclose(curve.brightness, np.maximum.accumulate(expected.clip(0, 1)), atol=1e-6)
    with pytest.raises(InputError, match="up to 2 finite coefficients"):
        emor_curve([0, 0, 1], path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", "", "found no response curve"),
        ("half.txt", "name\ngraph\nI =\n0 1\n", "expected `I =` and `B =`"),
        ("falls.txt", "name\ngraph\nI =\n0 0.5 1\nB =\n0 2 1\n", r"never decrease, found a fall or NaN after knot 1$"),
        ("long.txt", "name\ngraph\nI =\n0 0.5 1\nB =\n0 1\n", "equal length"),
        ("broken.mat", "no mat", "unreadable"),
        ("broken.json", "{", "expected JSON"),
        ("keys.json", json.dumps({"name": "x"}), "expected JSON"),
        ("scale.json", json.dumps({"irradiance": [0, 1], "brightness": [0, 255]}), "from 0 to 1"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        load_curves(path)
    assert name in str(caught.value)


def test_missing_file():
    with pytest.raises(InputError, match=r"none at nowhere\.txt"):
        load_curves("nowhere.txt")


def test_batches_are_not_saved(tmp_path):
    batch = TabulatedResponse(torch.linspace(0, 1, 3).expand(2, 1, 3), torch.linspace(0, 1, 3))
    with pytest.raises(InputError, match="expected one curve"):
        save_curve(batch, tmp_path / "x.json")


@pytest.mark.parametrize("file", ["201_CRF_data.mat", "dorfCurvesInv.mat"])
def test_every_dorf_curve_returns_every_display_value(shared, file):
    curves = load_curves(shared / "data" / "crf" / file)
    display = torch.linspace(0, 1, 4096)
    assert len(curves) == 201
    for curve in curves:
        z = display.clone().requires_grad_()
        exposure = curve.inverse(z)
        (gradient,) = torch.autograd.grad(exposure.sum(), z)
        assert torch.isfinite(gradient).all()
        assert (curve(exposure.detach()) - display).abs().max() < 1 / 4096, curve.name


def test_the_real_emor_file(shared):
    curve = emor_curve([-0.6, 0.25], shared / "data" / "crf" / "emor.txt")
    assert curve.irradiance.shape == (1024,)
    z = torch.linspace(0, 1, 1000)
    torch.testing.assert_close(curve(curve.inverse(z)), z, atol=1 / 4096, rtol=0)


def test_numbers_beyond_floating_point(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"irradiance": [0, 10**400], "brightness": [0, 1]}))
    with pytest.raises(InputError, match=r"a\.json: int too large"):
        load_curves(tmp_path / "a.json")


def test_matlab_tables_of_different_length(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"I": np.ones((2, 3)), "B": np.ones((3, 3))})
    with pytest.raises(InputError, match=r"a\.mat: expected as many curves of I as of B, found 2 and 3 rows"):
        load_curves(tmp_path / "a.mat")


def test_a_matlab_file_that_unpacks_to_more_than_curves_are(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"I": np.zeros((3000, 1000)), "B": np.zeros(3)}, do_compression=True)
    assert (tmp_path / "a.mat").stat().st_size < 2**16
    with pytest.raises(InputError, match=r"a\.mat: .*more than curves are, unpacked"):
        load_curves(tmp_path / "a.mat")


def test_a_matlab_file_of_no_known_number_type(tmp_path):
    """SciPy 1.17 dies of it."""
    scipy.io.savemat(tmp_path / "a.mat", {"I": np.ones((1, 4)), "B": np.ones((1, 4))})
    content = (tmp_path / "a.mat").read_bytes()
    number_type = b"\x09\0\0\0\x20\0\0\0"
    assert content.count(number_type) == 2
    (tmp_path / "a.mat").write_bytes(content.replace(number_type, b"\x09\x06\0\0\x20\0\0\0"))
    with pytest.raises(InputError, match=r"a\.mat: expected DoRF text, DoRF \.mat or our JSON, found no"):
        load_curves(tmp_path / "a.mat")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, np.uint8, np.int64])
def test_tables_of_matlab_files(tmp_path, kind, packed):
    """As SciPy writes them, beside what is no plain table."""
    table = (np.arange(12).reshape(3, 4) * 10).astype(kind)
    others = {
        "text": "words",
        "cell": np.array([1, "a"], object),
        "complex": np.ones(3) * 1j,
        "cube": np.ones((2, 2, 2)),
    }
    scipy.io.savemat(tmp_path / "a.mat", others | {"I": table, "x": np.float64(2)}, do_compression=packed)
    found = tables_in(tmp_path / "a.mat", {"I", "x", *others}, 2**20)
    assert found.keys() == {"I", "x"}
    np.testing.assert_array_equal(found["I"], table)
    np.testing.assert_array_equal(found["x"], [[2]])


def test_basis_of_unequal_length(tmp_path):
    (tmp_path / "emor.txt").write_text("E =\n0 1\nf0 =\n0 1\nh(1) =\n0 1\nh(2) =\n0 0.5 1\n")
    with pytest.raises(InputError, match=r"emor\.txt: expected f0, h\(1\)\.\. of equal length"):
        emor_curve([0.1], tmp_path / "emor.txt")


def test_a_wrong_curve_names_its_file(tmp_path):
    falling = [0.0, 0.7, 0.6, 1.0]
    scipy.io.savemat(tmp_path / "a.mat", {"I": np.linspace(0, 1, 4)[None], "B": np.array(falling)[None]})
    (tmp_path / "a.json").write_text(json.dumps({"irradiance": [0, 0.3, 0.6, 1], "brightness": falling}))
    for name in ("a.mat", "a.json"):
        with pytest.raises(
            InputError, match=rf"{name}: brightness .* never decrease, found a fall or NaN after knot 1"
        ):
            load_curves(tmp_path / name)
