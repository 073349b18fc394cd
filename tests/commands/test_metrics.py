import json

import pytest

from hdrgen import metrics
from hdrgen.cli.main import main
from hdrgen.metrics import all_metrics

CLASSES = {
    name
    for name in metrics.__all__
    if isinstance(getattr(metrics, name), type)
    and issubclass(getattr(metrics, name), metrics.ImageMetric)
    and name != "ImageMetric"
}


def test_one_line_for_each_within_120_columns(capsys):
    assert main(["metrics"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["metric", "better", "range", "unit", "takes", "needs", "reference"]
    assert len(lines) == len(CLASSES)
    assert max(map(len, lines)) <= 120
    line = next(line for line in lines if line.startswith("psnr_mu"))
    assert line.split() == ["psnr_mu", "higher", "..100", "dB", "radiance", "Kalantari,", "SIGGRAPH", "2017"]


def test_json_tells_everything(capsys):
    assert main(["metrics", "--json"]) == 0
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert {entry["class_path"] for entry in entries.values()} == {f"hdrgen.metrics.{name}" for name in CLASSES}
    assert entries["psnr_mu"]["arguments"] == {"mu": 5000.0, "peak_quantile": 0.999, "beyond_peak": "score"}
    assert entries["lpips"]["better"] == {"lpips": "lower"}
    assert entries["lpips"]["needs"]
    assert entries["lpips"]["range"] == [0, None]
    assert entries["hdr_vdp2"]["better"]["hdr_vdp2_q"] == "higher"
    assert entries["hdr_vdp2"]["better"]["hdr_vdp2_p_det"] == "lower"


@pytest.mark.parametrize("metric", all_metrics().values(), ids=all_metrics())
def test_every_metric_says_what_it_is(metric):
    assert metric.domain in ("display", "radiance", "luminance")
    assert isinstance(metric.higher_is_better, bool)
    assert metric.bounds[0] < metric.bounds[1]
    assert metric.reference
    assert len(set(metric.outputs)) == len(metric.outputs)
    assert all(output.startswith(metric.name()) for output in metric.outputs)
    assert set(metric.opposite) <= set(metric.outputs)
    assert metric.name()
