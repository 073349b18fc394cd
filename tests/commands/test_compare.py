import csv
import json
import subprocess
import sys

import imageio.v3 as iio
import numpy as np
import pytest
import torch

from hdrgen import comparison, metrics
from hdrgen.cli.main import main
from hdrgen.io import write_image
from hdrgen.metrics import all_metrics

SIZE = (40, 48)


def radiance(seed=0, size=SIZE):
    return np.exp(np.random.default_rng(seed).normal(3, 1, (*size, 3))).astype(np.float32)


def noisy(image, seed=1):
    return (image * np.random.default_rng(seed).uniform(0.8, 1.25, image.shape)).astype(image.dtype)


def as_batch(image):
    return torch.from_numpy(image.astype(np.float64)).movedim(-1, 0)[None]


@pytest.fixture
def pair(tmp_path):
    truth = radiance()
    paths = tmp_path / "truth.npy", tmp_path / "result.npy"
    for path, image in zip(paths, (truth, noisy(truth)), strict=True):
        np.save(path, image)
    return paths


@pytest.fixture
def folders(tmp_path):
    for name in ("truth", "result"):
        (tmp_path / name).mkdir()
    for seed, stem in enumerate(["attic", "bridge10", "bridge2"]):
        np.save(tmp_path / "truth" / f"{stem}.npy", radiance(seed))
        write_image(tmp_path / "result" / f"{stem}.exr", noisy(radiance(seed), seed))
    return tmp_path / "truth", tmp_path / "result"


def run(capsys, *arguments):
    status = main(["compare", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


def refused(capsys, *arguments):
    assert main(["compare", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert not out
    (told,) = (line for line in err.splitlines() if not line.startswith("hdrgen: warning: "))
    assert told.startswith("hdrgen: error: ")
    return told


def test_numbers_are_those_of_the_metrics(pair, capsys):
    found = json.loads(run(capsys, *pair, "--json", "--dtype", "float64", "--mu", "500", "--ppd", "20"))
    target, image = (as_batch(np.load(path)) for path in pair)
    assert found["reference"] == str(pair[0])
    assert found["test"] == str(pair[1])
    assert found["psnr_mu"] == metrics.psnr_mu(image, target, 500).item()
    assert found["psnr_l"] == metrics.psnr_l(image, target).item()
    assert found["ssim_mu"] == metrics.ssim_mu(image, target, 500).item()
    assert found["pu21_psnr"] == metrics.pu21_psnr(image, target).item()
    assert found["pu21_ssim"] == metrics.pu21_ssim(image, target).item()
    assert found["hdr_vdp2_q"] == metrics.hdr_vdp2(image, target, 20.0).q.item()
    assert found["settings"]["metrics"]["psnr_mu"] == {"mu": 500, "peak_quantile": 0.999, "beyond_peak": "score"}
    assert found["settings"]["metrics"]["hdr_vdp2"]["ppd"] == 20
    assert found["settings"]["dtype"] == "float64"


@pytest.mark.parametrize("rule", metrics.ALIGNMENTS)
def test_scale_is_aligned_before_luminance(pair, capsys, rule):
    for path in pair:
        np.save(path, np.load(path) / 20)
    arguments = ["--metrics", "pu21_psnr,psnr_l", "--align-scale", rule, "--luminance", "300", "--dtype", "float64"]
    found = json.loads(run(capsys, *pair, "--json", *arguments))
    target, image = (as_batch(np.load(path)) for path in pair)
    image, target = metrics.ALIGNMENTS[rule](image, target)
    assert found["pu21_psnr"] == pytest.approx(metrics.pu21_psnr(300 * image, 300 * target).item())
    assert found["psnr_l"] == pytest.approx(metrics.psnr_l(image, target).item())
    assert found["settings"]["align_scale"] == rule


def test_folders_are_paired_by_name_with_mean_and_deviation(folders, tmp_path, capsys):
    out = run(capsys, *folders, "--metrics", "psnr_mu,pu21_ssim", "-o", tmp_path / "numbers.json")
    header, marks, *lines = out.splitlines()
    assert header.split() == ["psnr_mu", "pu21_ssim"]
    assert marks.split() == ["dB", "↑", "↑"]
    assert [line.split()[0] for line in lines[:5]] == ["attic", "bridge2", "bridge10", "mean", "std"]
    written = json.loads((tmp_path / "numbers.json").read_text())
    values = [one["psnr_mu"] for one in written["pairs"]]
    assert written["mean"]["psnr_mu"] == pytest.approx(np.mean(values))
    assert written["std"]["psnr_mu"] == pytest.approx(np.std(values))
    assert lines[3].split()[1] == f"{np.mean(values):.4f}"


def test_json_of_folders_is_a_line_for_each_pair(folders, capsys):
    lines = run(capsys, *folders, "--metrics", "psnr_l", "--json").splitlines()
    assert [json.loads(line)["reference"] for line in lines] == [
        str(folders[0] / f"{stem}.npy") for stem in ("attic", "bridge2", "bridge10")
    ]


def test_csv_has_a_row_for_each_pair_with_settings(folders, tmp_path, capsys):
    path = tmp_path / "new" / "numbers.csv"
    run(capsys, *folders, "--metrics", "psnr_mu", "-o", path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert json.loads(rows[0]["settings"])["metrics"]["psnr_mu"]["mu"] == 5000
    before = path.read_text()
    assert "exists already; pass --overwrite" in refused(capsys, *folders, "--metrics", "psnr_mu", "-o", path)
    assert path.read_text() == before
    run(capsys, *folders, "--metrics", "psnr_mu", "-o", path, "--overwrite")


def test_display_values_have_their_own_metrics(tmp_path, capsys):
    images = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), dtype=np.uint8)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, image in zip(paths, images, strict=True):
        iio.imwrite(path, image)
    assert main(["compare", *map(str, paths), "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    expected = metrics.psnr(*(as_batch(image / np.float32(255)) for image in images[::-1])).item()
    assert found["psnr"] == pytest.approx(expected, abs=1e-4)
    assert {"l1", "psnr", "ssim"} <= found.keys()
    assert not {"ms_ssim", "psnr_mu", "lpips"} & found.keys()
    assert "ms_ssim left out: MS-SSIM needs images of at least 176 x 176" in err
    assert "psnr_mu takes radiance, but" in refused(capsys, *paths, "--metrics", "psnr,psnr_mu")
    assert "encoding sRGB-display" in refused(capsys, *paths, "--metrics", "hdr_vdp2")
    assert "MS-SSIM needs images" in refused(capsys, *paths, "--metrics", "ms_ssim")
    assert "--align-scale mean is for radiance" in refused(capsys, *paths, "--align-scale", "mean")
    assert "display values, float32" in run(capsys, *paths, "--metrics", "psnr")
    found = json.loads(run(capsys, *paths, "--json", "--metrics", "hdr_vdp2_q", "--encoding", "sRGB-display"))
    assert found["settings"]["metrics"]["hdr_vdp2"]["encoding"] == "sRGB-display"


def test_colours_of_a_file_become_bt709(tmp_path, capsys):
    from hdrgen.io import BT709, BT2020
    from hdrgen.io.colour import converted

    truth = radiance()
    wide = converted(truth, BT709.chromaticities, BT2020.chromaticities)
    import OpenImageIO as oiio

    spec = oiio.ImageSpec(SIZE[1], SIZE[0], 3, "float")
    spec.attribute("chromaticities", "float[8]", BT2020.chromaticities)
    output = oiio.ImageOutput.create(str(tmp_path / "wide.exr"))
    output.open(str(tmp_path / "wide.exr"), spec)
    output.write_image(np.ascontiguousarray(wide))
    output.close()
    np.save(tmp_path / "truth.npy", truth)
    arguments = (tmp_path / "truth.npy", tmp_path / "wide.exr", "--json", "--metrics", "pu21_psnr")
    assert json.loads(run(capsys, *arguments))["pu21_psnr"] > 80
    assert json.loads(run(capsys, *arguments, "--encoding", "XYZ"))["pu21_psnr"] < 60


def test_of_xyz_all_metrics_see_the_same_colours(pair, capsys):
    from hdrgen.metrics.colour import RGB_TO_XYZ

    names = ["--json", "--dtype", "float64", "--metrics", "psnr_l,ssim_mu,pu21_psnr,pu21_ssim,hdr_vdp2"]
    expected = json.loads(run(capsys, *pair, *names))
    for path in pair:
        np.save(path, np.load(path).astype(np.float64) @ np.array(RGB_TO_XYZ).T)
    found = json.loads(run(capsys, *pair, *names, "--encoding", "XYZ"))
    for name in ("psnr_l", "ssim_mu", "pu21_psnr", "pu21_psnr_y", "pu21_ssim", "hdr_vdp2_q"):
        assert found[name] == pytest.approx(expected[name], rel=1e-4)
    assert found["settings"]["encoding"] == "XYZ"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda truth, result: (truth, result[:-1]), "expected the size of the truth, 48 x 40, found 48 x 39"),
        (lambda truth, result: (truth * 0, result), "expected a truth with some light"),
        (lambda truth, result: (truth - 20, result), "expected no negative light in the truth"),
        (lambda truth, result: (truth, result * np.nan), "expected finite radiance"),
        (lambda truth, result: (truth, (result > 1).astype(np.uint8)), "expected radiance like"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(pair, capsys, change, words):
    for path, image in zip(pair, change(*map(np.load, pair)), strict=True):
        np.save(path, image)
    with np.errstate(invalid="ignore"):
        err = refused(capsys, *pair)
    assert words in err
    assert "truth.npy" in err or "result.npy" in err


def test_clean_replaces_what_cannot_be(pair, capsys):
    image = np.load(pair[1])
    image[0, 0] = np.nan
    np.save(pair[1], image)
    assert json.loads(run(capsys, *pair, "--clean", "--json", "--metrics", "psnr_mu"))["settings"]["clean"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--metrics", "psnr_nu"], "no metric 'psnr_nu'; did you mean psnr_"),
        (["--metrics", ","], "expected names of metrics, found none"),
        (["--metrics", "psnr"], "psnr takes display values, but"),
        (["--metrics", "cvvdp"], "pip install 'hdrgen[cvvdp]'"),
        (["--metrics", "lpips"], "LPIPS needs ImageNet weights of vgg16"),
        (["--ppd", "-3"], "expected a positive number, found -3"),
        (["--ppd", "near"], "--ppd: expected a positive number, found near"),
        (["--encoding", "sRGB-display"], "--encoding sRGB-display is for display values, but"),
        (["--luminance", "nan"], "expected a positive number, found nan"),
        (["--distance", "0.5"], "need all of --display-inches, --resolution and --distance"),
        (["--ppd", "30", "--distance", "0.5"], "found both"),
        (["--resolution", "1920"], "such as 1920x1080, found 1920"),
        (["--align-scale", "means"], "did you mean"),
        (["-o", "numbers.txt"], "ends with .csv or .json"),
    ],
)
def test_wrong_options_are_told_in_one_line(pair, capsys, monkeypatch, arguments, words):
    monkeypatch.setitem(sys.modules, "pycvvdp", None)

    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(pair[0].parent))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    assert words in refused(capsys, *pair, *arguments)


def test_partners_are_asked_for_by_name(folders, capsys):
    (folders[1] / "attic.exr").unlink()
    assert f"{folders[1]}: expected an image for each of {folders[0]}, found none named attic" in refused(
        capsys, *folders
    )
    np.save(folders[0] / "bridge2.npy", radiance())
    write_image(folders[1] / "attic.exr", radiance())
    write_image(folders[1] / "attic.hdr", radiance())
    assert "expected one image of each name, found attic.exr and attic.hdr" in refused(capsys, *folders)
    assert "expected two files or two folders" in refused(capsys, folders[0], folders[1] / "attic.exr")
    assert "no such file or folder" in refused(capsys, folders[0], folders[1] / "none")
    (folders[1] / "none").mkdir()
    assert "no images in this folder" in refused(capsys, folders[0], folders[1] / "none")


def test_radiance_that_looks_relative_is_warned_of(pair, capsys):
    np.save(pair[0], np.load(pair[0]) / 1e4)
    main(["compare", *map(str, pair), "--metrics", "pu21_psnr"])
    assert "pass --luminance CD_M2, that of its value 1" in capsys.readouterr().err


def test_display_geometry_gives_pixels_per_degree(pair, capsys):
    geometry = ["--display-inches", "24", "--resolution", "1920x1080", "--distance", "0.5"]
    found = json.loads(run(capsys, *pair, "--json", "--metrics", "hdr_vdp2", *geometry))
    assert found["settings"]["metrics"]["hdr_vdp2"]["ppd"] == pytest.approx(32.4529519503)


def test_every_number_of_one_pair_is_printed_with_unit_direction_and_settings(pair, capsys):
    lines = run(capsys, *pair).splitlines()
    assert lines[0].split() == ["metric", "value", "unit", "better"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:] if line and ":" not in line}
    assert rows["psnr_mu"][1:] == ["dB", "↑"]
    assert rows["hdr_vdp2_p_det"][1:] == ["↓"]
    text = "\n".join(lines)
    assert "radiance, encoding rgb-bt.709, align-scale none, 1 = 1 cd/m2, float32" in text
    assert "hdr_vdp2: ppd 30, encoding rgb-bt.709" in text


def test_choices_are_those_of_the_package():
    from hdrgen.metrics.hdr_vdp2 import ENCODINGS

    assert tuple(metrics.ALIGNMENTS) == comparison.ALIGNMENTS
    assert set(ENCODINGS) == set(comparison.ENCODINGS)
    assert {name for name, metric in all_metrics().items() if metric.needs} == {"lpips", "cvvdp"}


@pytest.mark.parametrize("verb", ["compare", "metrics"])
def test_help_does_without_torch(verb):
    code = (
        f"import sys; from hdrgen.cli.main import main; main(['{verb}', '--help']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
