import pytest

from hdrgen.cli.main import main
from hdrgen.cli.method_table import format_table, mean_psnr
from hdrgen.commands.quickstart import _judge, run
from hdrgen.errors import InputError


def rows(method, ev, metric, *values):
    return [
        {"method": method, "scene": str(n), "ev": ev, "metric": metric, "value": str(v)} for n, v in enumerate(values)
    ]


def test_means_are_over_scenes():
    table = mean_psnr(rows("a", "-1.0", "psnr", 20, 30) + rows("a", "", "psnr_mu", 40) + rows("a", "-1.0", "ssim", 1))
    assert table == {"a": {"-1.0": 25.0, "HDR": 40.0}}


def test_columns_are_in_order_of_exposure():
    table = {"m": {"+0.5": 1.0, "-2.0": 2.0, "HDR": 3.0, "+1.0": 4.0}}
    titles = format_table(table).splitlines()[0].removeprefix("PSNR (dB)").split()
    assert titles == ["EV", "-2.0", "EV", "+0.5", "EV", "+1.0", "mean", "HDR"]


def test_fails_where_the_input_is_not_beaten():
    table = {
        "network": {"-1.0": 20.0, "+1.0": 30.0, "HDR": 1.0},
        "unchanged input": {"-1.0": 21.0, "+1.0": 2.0, "HDR": 9.0},
    }
    with pytest.raises(InputError, match=r"at EV -1\.0:"):
        _judge(table)
    table["network"]["-1.0"] = 21.1
    _judge(table)


def test_a_folder_in_use_is_left_alone(tmp_path, capsys):
    (tmp_path / "precious.txt").write_text("mine")
    assert main(["quickstart", "-o", str(tmp_path), "--overwrite"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.slow
def test_makes_everything_that_it_names(tmp_path, capsys):
    """One epoch is too short to win; everything else is there all the same."""
    with pytest.raises(InputError, match="does not beat"):
        run("quickstart", ["-o", str(tmp_path / "q"), "--steps", "2"])
    printed = capsys.readouterr().out
    for name in ("contact_sheet.png", "photo.exr", "photo.hdr", "metrics.csv", "config.yaml", "photo_ev-2.0.png"):
        line = next(line for line in printed.splitlines() if line.strip().endswith(name))
        assert (tmp_path / line.strip()).is_file()
    assert "linear gain" in printed
