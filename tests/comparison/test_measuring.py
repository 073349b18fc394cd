"""Comparisons without a command line."""

import numpy as np
import pytest

from hdrgen import comparison, metrics
from hdrgen.comparison import ComparisonSettings, compare_pairs, find_pairs, write_comparisons
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import write_image


@pytest.fixture
def radiance(tmp_path):
    generator = np.random.default_rng(0)
    truth = np.exp(generator.normal(3, 1, (40, 48, 3))).astype(np.float32)
    for name, image in (
        ("truth", truth),
        ("test", truth * generator.uniform(0.8, 1.2, truth.shape).astype(np.float32)),
    ):
        np.save(tmp_path / f"{name}.npy", image)
    return tmp_path / "truth.npy", tmp_path / "test.npy"


@pytest.fixture
def pictures(tmp_path):
    for name in ("a", "b"):
        write_image(tmp_path / f"{name}.png", np.random.default_rng(ord(name)).random((40, 48, 3)))
    return tmp_path / "a.png", tmp_path / "b.png"


def compared(files, **settings):
    return list(compare_pairs(find_pairs(*files), ComparisonSettings(**settings)))


def test_choices_are_those_of_the_metrics():
    assert tuple(metrics.ALIGNMENTS) == comparison.ALIGNMENTS
    from hdrgen.metrics.hdr_vdp2 import ENCODINGS

    assert set(ENCODINGS) == set(comparison.ENCODINGS)


def test_settings_stand_beside_the_numbers(radiance):
    (result,) = compared(radiance, metrics=["psnr_l"], luminance=2.0)
    assert result.values.keys() == {"psnr_l"}
    assert result.settings["luminance"] == 2.0
    assert result.settings["align_scale"] == "none"


@pytest.mark.parametrize(
    ("settings", "message", "argument"),
    [
        ({"metrics": ["psnr"]}, "psnr takes display values, but .* holds radiance: tone-map it, or choose", "metrics"),
        ({"metrics": ["nonsense"]}, "no metric 'nonsense'", "metrics"),
        ({"metrics": []}, "expected names of metrics, found none", "metrics"),
        ({"encoding": "sRGB-display"}, "encoding='sRGB-display' is for display values, but", "encoding"),
    ],
)
def test_errors_name_the_argument_of_radiance(settings, message, argument, radiance):
    with pytest.raises(InputError, match=message) as caught:
        compared(radiance, **settings)
    assert caught.value.argument == argument
    assert "--" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message", "argument"),
    [
        ({"metrics": ["hdr_vdp2"]}, r"display values \(for hdr_vdp2: encoding='sRGB-display'\)", "encoding"),
        ({"align_scale": "mean"}, "align_scale='mean' is for radiance, but", "align_scale"),
    ],
)
def test_errors_name_the_argument_of_pictures(settings, message, argument, pictures):
    with pytest.raises(InputError, match=message) as caught:
        compared(pictures, **settings)
    assert caught.value.argument == argument
    assert "--" not in str(caught.value)


def test_relative_radiance_is_warned_of(radiance):
    np.save(radiance[0], np.load(radiance[0]) / 1e4)
    with pytest.warns(InputWarning, match="pass luminance=CD_M2") as caught:
        compared(radiance, metrics=["pu21_psnr"])
    assert caught[0].message.argument == "luminance"


def test_tables_are_written_whole_or_not_at_all(radiance, tmp_path, monkeypatch):
    results = compared(radiance, metrics=["psnr_l"])
    write_comparisons(results, tmp_path / "new" / "numbers.csv")
    assert (tmp_path / "new/numbers.csv").read_text().startswith("reference,test,psnr_l,settings")
    (tmp_path / "old.json").write_text("precious")

    def full_disk(self, *arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full_disk)
    with pytest.raises(InputError, match="No space left on device"):
        write_comparisons(results, tmp_path / "old.json")
    monkeypatch.undo()
    assert (tmp_path / "old.json").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.glob("*old*")) == ["old.json"]


@pytest.mark.parametrize("largest", [0.8, 3.0, 20.0])
def test_a_largest_value_of_a_few_units_is_told_to_be_taken_as_cd_m2(radiance, largest):
    truth = np.load(radiance[0])
    np.save(radiance[0], truth * (largest / truth.max()))
    with pytest.warns(InputWarning, match=rf"taken as {largest:.2g} cd/m2"):
        compared(radiance, metrics=["pu21_psnr"])


@pytest.mark.parametrize(("chosen", "refused"), [(None, True), (["psnr_l"], False)])
def test_memory_that_a_pair_will_not_find_is_told_before_it_is_read(chosen, refused, radiance, monkeypatch):
    monkeypatch.setattr("hdrgen.io.memory._SMALL", 0)
    monkeypatch.setattr("hdrgen.io.memory.free_memory", lambda: 40 * 48 * 120)  # hdr_vdp2 takes 125 for each pixel
    if refused:
        with pytest.raises(InputError, match=r"truth\.npy: expected at most 80% of the free memory"):
            compared(radiance, metrics=chosen)
    else:
        assert compared(radiance, metrics=chosen)
