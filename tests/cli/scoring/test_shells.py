"""What a shell completes, asked of bash itself; and what `hdrgen doctor` says of this machine."""

import importlib.metadata
import json
import shutil
import subprocess
from inspect import isabstract

import pytest

from hdrgen import data
from hdrgen.cli.main import VERBS, main
from hdrgen.cli.shells import completion
from hdrgen.commands import doctor
from hdrgen.data import StackDataset
from hdrgen.plugins import Plugin
from hdrgen.tonemap import all_operators


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    from hdrgen.cli.shells import SHELLS, completion_of

    return {shell: completion_of(shell, VERBS) for shell in SHELLS}


def completed(script: str, *words: str) -> list[str]:
    """What bash offers for the last word."""
    line = " ".join(f"'{word}'" for word in words)
    ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _hdrgen; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    result = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["hdrgen", "lead"], ["leaderboard"]),
        (["hdrgen", "merge", "--degh"], ["--deghost"]),
        (["hdrgen", "leaderboard", "--table", ""], ["text", "markdown", "latex", "csv"]),
        (["hdrgen", "test", "--evaluation", "kim"], ["kim2020"]),
        (["hdrgen", "configs", "photo"], []),  # names of files are the shell's own
    ],
)
def test_bash_completes_verbs_options_and_choices(scripts, words, expected):
    found = completed(scripts["bash"], *words)
    assert [word for word in expected if word in found] == expected
    assert expected or not found


def test_names_of_methods_data_metrics_operators_and_weights_are_completed_those_of_other_packages_too(monkeypatch):
    offered = [
        Plugin("methods", "TinyGain", "far 3.1", "far:TinyGain"),
        Plugin("data", "FlatFolder", "far 3.1", "far.data:FlatFolder"),
        Plugin("metrics", "wrong_pixels", "far 3.1", "far:WrongPixels"),
        Plugin("tonemap", "power_law", "far 3.1", "far:PowerLaw"),
    ]
    chosen = lambda *groups: [each for each in offered if each.group in groups]  # noqa: E731
    monkeypatch.setattr("hdrgen.cli.shells.completion.plugins", chosen)
    script = completion.completion_of("bash", VERBS)
    assert {"TinyGain", "CEVR"} <= {*completed(script, "hdrgen", "fit", "--model", "")}
    assert {"FlatFolder", "RenderedStacks"} <= {*completed(script, "hdrgen", "test", "--data.test", "")}
    assert {"wrong_pixels", "hdr_vdp2"} <= {*completed(script, "hdrgen", "compare", "--metrics", "")}
    assert completed(script, "hdrgen", "tonemap", "--operator", "p") == ["power_law"]
    assert "inverse_camera" in completed(script, "hdrgen", "expand", "--weights", "")


def test_names_that_are_written_down_for_completion_are_all_there_are():
    kinds = {name: getattr(data, name) for name in data.__all__ if isinstance(getattr(data, name), type)}
    scenes = {name for name, kind in kinds.items() if issubclass(kind, StackDataset) and not isabstract(kind)}
    assert set(completion.DATA) == scenes - {"Brackets", "Photographs"}  # which predict makes of files by itself
    assert set(completion.OPERATORS) == set(all_operators())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_verb_is_in_every_script_and_the_shell_can_read_it(scripts, shell):
    assert all(f" {verb}" in scripts[shell] for verb in VERBS)
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=scripts[shell], text=True, check=True)


def test_a_shell_that_nobody_knows(capsys):
    assert main(["--print-completion", "bsh"]) == 2
    assert "expected one of bash, zsh, fish, found bsh; did you mean bash?" in capsys.readouterr().err
    assert main(["--print-completion=fish"]) == 0
    assert capsys.readouterr().out.startswith("# hdrgen --print-completion fish")


def test_doctor_says_what_is_there_and_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_is_there", lambda module: module != "wandb")
    monkeypatch.setattr(doctor, "_free_disk", lambda path: 0.5)
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["packages"]["torch"] == importlib.metadata.version("torch")
    assert found["extras"]["wandb"] is None
    assert "wandb: for fit --trainer.logger WandbLogger; pip install 'hdrgen[wandb]'" in found["missing"]
    assert any(line.startswith("disk: 0.5 GiB free at ") for line in found["missing"])
    assert found["memory"]["free"] <= found["memory"]["total"]


def test_doctor_fits_on_one_screen_and_names_what_hdrgen_cannot_do_without(monkeypatch, capsys):
    version = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "rawpy" else version(name))
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert "  rawpy: hdrgen does not work without; pip install rawpy" in lines
