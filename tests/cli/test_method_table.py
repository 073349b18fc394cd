"""One table of several methods."""

from hdrgen.cli import format_table, mean_psnr


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
