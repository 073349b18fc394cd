"""Boards of many results: seeds put together, intervals, and a mark only where the data say so."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.reporting import SEEDS, as_tables, read_boards
from hdrgen.reporting.significance import comparisons, holm, interval, leaders, paired_p
from tests.reporting.parsed import Page
from tests.reporting.synthetic import made_test

DRAWN = np.random.default_rng(3)
SCENES = DRAWN.normal(30, 3, 12)
METHODS = {"Worse": SCENES - 1 - DRAWN.random(12), "Good": SCENES + 0.1 * DRAWN.normal(0, 1, 12), "Better": SCENES}


def result(folder: Path, values, method="Good", checkpoint="a.ckpt", **about) -> Path:
    made_test(
        folder,
        scenes=(),
        means={"psnr": {"mean": float(np.mean(values))}},
        deviations={},
        method={"class_path": f"hdrgen.methods.{method}", "init_args": {}},
        ckpt_path=checkpoint,
        **about,
    )
    rows = [f"scene{at},,psnr,{value}" for at, value in enumerate(values)]
    (folder / "metrics.csv").write_text("\n".join(["scene,ev,metric,value", *rows]))
    return folder


@pytest.fixture
def results(tmp_path) -> Path:
    for name, values in METHODS.items():
        result(tmp_path / "results" / name, values, name)
    return tmp_path / "results"


def test_intervals_are_those_of_scipy_up_to_the_draw():
    ours = interval(SCENES)
    theirs = stats.bootstrap((SCENES,), np.mean, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert ours == pytest.approx(tuple(theirs), abs=0.1)
    assert ours == interval(SCENES)
    assert interval([1.0]) is None
    assert interval([1.0, float("inf")]) is None


def test_p_values_are_wilcoxons_and_corrected_after_holm():
    one, other = METHODS["Good"], METHODS["Worse"]
    assert paired_p(one, other) == pytest.approx(stats.wilcoxon(one, other).pvalue)
    assert paired_p(one, one) == 1
    p_values = [0.01, 0.005, 0.03, 0.04, 0.6]
    expected = [0.04, 0.025, 0.09, 0.09, 0.6]  # by hand: 4 x 0.01, 5 x 0.005, 3 x 0.03, max(0.09, 2 x 0.04), 0.6
    assert holm(p_values) == pytest.approx(expected)
    by_scene = [dict(zip("abcdefghijkl", values, strict=True)) for values in METHODS.values()]
    assert max(comparisons(by_scene)[0, at] for at in (1, 2)) == pytest.approx(3 * stats.wilcoxon(one, other).pvalue)


def test_the_best_lead_with_those_that_are_not_shown_to_be_worse(results):
    (board,) = read_boards([results])
    marks = {row.name: row.numbers["psnr"].leads for row in board.rows}
    assert marks == {"Worse": False, "Good": True, "Better": True}
    assert board.rows[-1].name == "Worse"
    columns = [dict(enumerate(METHODS[name])) for name in ("Good", "Better")]
    assert leaders(columns, higher=True) == set()  # type: ignore[arg-type]
    assert leaders([dict(enumerate(values)) for values in METHODS.values()], higher=False) == {0}


def test_five_scenes_never_tell(tmp_path):
    for name, values in METHODS.items():
        result(tmp_path / name, values[:5], name)
    (board,) = read_boards([tmp_path])
    assert not any(row.numbers["psnr"].leads for row in board.rows)


def test_seeds_are_one_method_with_the_means_over_them(tmp_path):
    for at, shift in enumerate((-0.3, 0.0, 0.6)):
        result(tmp_path / "good" / f"seed{at}", METHODS["Good"] + shift, checkpoint=f"{at}.ckpt")
    result(tmp_path / "worse", METHODS["Worse"], "Worse")
    alone = read_boards([tmp_path])[0].rows
    assert sorted(row.name for row in alone) == ["Good (seed0)", "Good (seed1)", "Good (seed2)", "Worse"]
    (tmp_path / "good" / SEEDS).write_text("{}")
    for board in (read_boards([tmp_path])[0], read_boards([tmp_path], same_method_is_seeds=True)[0]):
        good = board.rows[0]
        assert (good.name, good.seeds) == ("Good", 3)
        assert good.numbers["psnr"].value == pytest.approx(np.mean(METHODS["Good"]) + 0.1)
        assert good.numbers["psnr"].seeds == pytest.approx(np.std([-0.3, 0.0, 0.6], ddof=1))


def test_results_of_another_program_have_its_name(tmp_path):
    for name in ("theirs", "named"):
        about = {"init_args": {"folder": f"/somewhere/{name}", "name": "Named 2026" if name == "named" else None}}
        result(tmp_path / name, SCENES)
        summary = json.loads((tmp_path / name / "metrics.json").read_text())
        summary["method"] = {"class_path": "hdrgen.exchange.WrittenResults", **about}
        (tmp_path / name / "metrics.json").write_text(json.dumps(summary))
    assert {row.name for row in read_boards([tmp_path])[0].rows} == {"theirs", "Named 2026"}


def test_what_was_tested_otherwise_has_a_table_of_its_own_and_what_stands_aside_none(results, tmp_path):
    result(tmp_path / "more", SCENES, data={"class_path": "hdrgen.data.HDREye"})
    assert [board.data for board in read_boards([results, tmp_path / "more"])] == ["VDS", "HDREye"]
    result(tmp_path / "aside", SCENES, aside=["psnr"])
    assert read_boards([tmp_path / "aside"])[0].higher == {}
    assert list(read_boards([tmp_path / "aside"], metrics=["psnr"])[0].higher) == ["psnr"]
    with pytest.raises(InputError, match="expected a metric that was measured, psnr, found pnsr"):
        read_boards([results], metrics=["pnsr"])


def test_tables(results):
    boards = read_boards([results])
    mean = f"{np.mean(METHODS['Good']):.2f}"
    assert f"{mean} [" in as_tables(boards, "text")
    assert f"| **{mean}** [" in as_tables(boards, "markdown")
    latex = as_tables(boards, "latex")
    assert rf"\textbf{{{mean}}} {{\scriptsize [" in latex
    assert next(line for line in latex.splitlines() if not line.startswith("%")) == r"\begin{tabular}{lrr}"
    assert latex.count(r"\\") == 4
    rows = list(csv.DictReader(io.StringIO(as_tables(boards, "csv"))))
    assert {row["method"]: float(row["mean"]) for row in rows} == pytest.approx(
        {name: np.mean(values) for name, values in METHODS.items()}
    )


def test_the_command_prints_a_table_and_writes_a_page(results, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["leaderboard", "results"]) == 0
    assert "leaderboard.html: 1 table" in capsys.readouterr().out
    page = Page(Path("leaderboard.html"))
    assert len(page.best("Good")) == len(page.best("Better")) == 1
    assert page.best("Worse") == []
    assert main(["leaderboard", "results", "--table", "latex", "--metrics", "psnr"]) == 0
    assert capsys.readouterr().out.startswith("% protocol mine on VDS")
    assert main(["leaderboard", "results"]) == 2
    assert "leaderboard.html exists already" in capsys.readouterr().err
    assert main(["leaderboard", "nothing", "--table=text"]) == 2
    assert "expected a folder with results of hdrgen test, found nothing" in capsys.readouterr().err


def test_hostile_names_stay_text(tmp_path):
    result(tmp_path / "one", SCENES, method="</td><script>alert(1)</script>")
    boards = read_boards([tmp_path])
    from hdrgen.reporting import write_leaderboard

    write_leaderboard(boards, tmp_path / "page.html")
    assert sum(tag == "script" for tag, _ in Page(tmp_path / "page.html").tags) == 2
