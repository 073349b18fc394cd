"""Weights by name: those that are packaged, those of the user's own folders, and what their cards say."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError, InputWarning
from hdrgen.weights import Entry, catalogue, default_weights, entries, find_checkpoint, read_card, read_checkpoint
from tests.checkpoint_files import example_of, perturbed, write_checkpoint, write_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a lab: two methods, one of them the default."""
    folder = tmp_path_factory.mktemp("lab")
    write_weights(perturbed(example_of("CEVR").model()), folder / "cevr.safetensors")
    write_weights(perturbed(example_of("InverseCamera").model()), folder / "inverse_camera.safetensors", half=True)
    card = folder / "cevr.md"
    card.write_text(card.read_text().replace("score: not said yet", "score: 27.1 dB [a]"))
    return folder


@pytest.fixture
def lab(folder, tmp_path, monkeypatch):
    """The same where names are looked up, and nothing packaged."""
    (tmp_path / "packaged").mkdir()
    monkeypatch.setattr(entries, "packaged_folder", lambda: tmp_path / "packaged")
    monkeypatch.setenv("HDRGEN_WEIGHTS", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_catalogue_says_what_files_and_cards_say(lab):
    cevr, default = catalogue()
    count = sum(value.numel() for value in read_checkpoint(lab / "cevr.safetensors")["state_dict"].values())
    about = read_card(lab / "cevr.md").facts["about"]
    size = (lab / "cevr.safetensors").stat().st_size
    path = lab / "cevr.safetensors"
    assert cevr == Entry("cevr", "CEVR", size, count, about, "27.1 dB [a]", "not said yet", False, path)
    assert (default.name, default.method) == ("inverse_camera", "InverseCamera")
    assert hdrgen.catalogue() == [cevr, default]


def test_the_verb_lists_them_and_prints_a_card(lab, capsys):
    assert main(["weights"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["name", "method", "size", "score", "terms"]
    assert first.startswith("cevr")
    assert "27.1 dB [a]" in first
    assert second.split()[:2] == ["inverse_camera", "InverseCamera"]
    assert main(["weights", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == ["cevr", "inverse_camera"]
    for asked in ("cevr", str(lab / "cevr.safetensors")):
        assert main(["weights", asked]) == 0
        assert capsys.readouterr().out == (lab / "cevr.md").read_text()
    assert main(["weights", "cevr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["card"].startswith("---\n")


def test_the_verb_needs_no_torch(lab):
    code = "import sys; from hdrgen.cli.main import main; main(['weights', 'cevr']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("verb", [["weights"], ["expand", "a.png", "--weights"], ["export", "--weights"]])
def test_a_misspelt_name_is_told_with_the_one_that_was_meant(verb, lab, capsys):
    hdrgen.write("a.png", torch.zeros(4, 4, 3).numpy())
    assert main([*verb, "cevrr"]) == 2
    told = capsys.readouterr().err
    assert "no weights and no file 'cevrr'; did you mean cevr? (known: cevr, inverse_camera)" in told


def test_weights_without_a_card_are_told_by_their_header(lab, tmp_path, monkeypatch, capsys):
    (tmp_path / "bare.safetensors").write_bytes((lab / "cevr.safetensors").read_bytes())
    monkeypatch.setenv("HDRGEN_WEIGHTS", str(tmp_path))
    assert main(["weights", "bare"]) == 0
    assert "weights of CEVR" in capsys.readouterr().out
    assert main(["weights"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-3:] == ["-", "-", "-"]


def test_packaged_names_win_and_the_other_is_told(lab, tmp_path):
    own, packaged = lab / "cevr.safetensors", tmp_path / "packaged/cevr.safetensors"
    packaged.write_bytes(own.read_bytes())
    with pytest.warns(InputWarning, match=r"'cevr' means the packaged ones; rename it, or pass its path"):
        assert find_checkpoint("cevr") == packaged
    with pytest.warns(InputWarning, match="is not used"):
        assert [(entry.name, entry.packaged) for entry in catalogue()] == [("cevr", True), ("inverse_camera", False)]


def test_of_several_folders_the_first_wins(lab, tmp_path, monkeypatch):
    first = tmp_path / "cevr.safetensors"
    first.write_bytes((lab / "cevr.safetensors").read_bytes())
    monkeypatch.setenv("HDRGEN_WEIGHTS", os.pathsep.join(map(str, (tmp_path, lab))))
    with pytest.warns(InputWarning, match="is not used"):
        assert find_checkpoint("cevr") == first
    assert find_checkpoint("inverse_camera") == lab / "inverse_camera.safetensors"
    monkeypatch.setenv("HDRGEN_WEIGHTS", str(tmp_path / "none"))
    with pytest.warns(InputWarning, match="expected folders, found none at"), pytest.raises(InputError):
        find_checkpoint("inverse_camera")


def test_without_the_variable_the_platforms_folder_is_looked_in(lab, tmp_path, monkeypatch):
    monkeypatch.delenv("HDRGEN_WEIGHTS")
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, appauthor: tmp_path / name)
    (tmp_path / "hdrgen").mkdir()
    (tmp_path / "hdrgen/weights").symlink_to(lab)
    assert find_checkpoint("cevr") == tmp_path / "hdrgen/weights/cevr.safetensors"


def test_a_bare_word_is_a_name_first_and_anything_else_a_path_first(lab, tmp_path):
    for path in ("cevr", "other", "cevr.safetensors"):
        (tmp_path / path).touch()
    with pytest.warns(InputWarning, match=r"the file or folder of that name here is \./cevr"):
        assert find_checkpoint("cevr") == lab / "cevr.safetensors"
    assert [str(find_checkpoint(asked)) for asked in ("other", "./cevr", "cevr.safetensors", "none.ckpt")] == [
        "other",
        "cevr",
        "cevr.safetensors",
        "none.ckpt",
    ]


def test_a_damaged_file_hides_no_other(lab, tmp_path, monkeypatch, capsys):
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 20)
    (tmp_path / "good.safetensors").write_bytes((lab / "cevr.safetensors").read_bytes())
    (tmp_path / "good.md").write_text("no facts")
    monkeypatch.setenv("HDRGEN_WEIGHTS", str(tmp_path))
    with pytest.warns(InputWarning) as told:
        assert [entry.name for entry in catalogue()] == ["good"]
    bad, card = sorted(str(each.message) for each in told)[::-1]
    assert "left out" in bad
    assert "good.md: expected facts such as `score: ...`" in card
    assert main(["weights", "bad"]) == 2
    assert "bad.safetensors: expected weights as hdrgen export writes them" in capsys.readouterr().err


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[1]",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [-1]}}',
        b"[" * 9000,
        b'{"__metadata__": {"hdrgen": "3"}}',
    ],
)
def test_a_crafted_header_is_one_line(header, lab, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match=r"x\.safetensors: expected weights"):
        entries.describe(path)
    path.write_bytes((2**40).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match=r"x\.safetensors: expected weights"):
        entries.describe(path)


def test_what_a_card_says_moves_no_cursor(lab, tmp_path, monkeypatch, capsys):
    (tmp_path / "x.safetensors").write_bytes((lab / "cevr.safetensors").read_bytes())
    (tmp_path / "x.md").write_text('---\nscore: "a\\e[2Jb"\n---\n\x1b[2J\n')
    monkeypatch.setenv("HDRGEN_WEIGHTS", str(tmp_path))
    assert main(["weights"]) == 0
    assert main(["weights", "x"]) == 0
    assert "\x1b" not in capsys.readouterr().out


# -- loading --------------------------------------------------------------------------------------------------------


def test_load_takes_names_and_nothing(lab):
    assert hdrgen.load(device="cpu").name == "InverseCamera"
    assert hdrgen.load("cevr", device="cpu").name == "CEVR"
    assert default_weights() == lab / "inverse_camera.safetensors"


def test_no_default_is_one_line(lab, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HDRGEN_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match="expected the weights 'inverse_camera', the default, found none in"):
        hdrgen.load()
    hdrgen.write("a.png", torch.zeros(4, 4, 3).numpy())
    for command in (["expand", "a.png"], ["predict", "--data.predict", "a.png"]):
        assert main(command) == 2
        assert "expected the weights 'inverse_camera', the default" in capsys.readouterr().err
    with pytest.raises(InputError, match="expected a run below runs"):
        hdrgen.load("last")


QUIET = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]


def test_predict_takes_names_and_without_one_the_default(lab, capsys):
    image = torch.rand(20, 24, 3, generator=torch.Generator().manual_seed(1)).numpy()
    hdrgen.write("a.png", image)
    for name, arguments in (("cevr", ["--weights", "cevr"]), ("default", [])):
        assert main(["predict", "--data.predict", "a.png", *arguments, *QUIET, "-o", name]) == 0
    assert "random weights" not in capsys.readouterr().err
    for name, weights in (("cevr", "cevr"), ("default", None)):
        wanted = hdrgen.load(weights, device="cpu").reconstruct("a.png").pixels
        np.testing.assert_allclose(hdrgen.read(f"{name}/a/a.exr").as_float(), wanted, rtol=2e-3, atol=1e-4)


def test_predict_takes_weights_from_a_configuration(lab, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text("weights: cevr\n")
    hdrgen.write("a.png", np.full((20, 24, 3), 0.3, np.float32))
    assert main(["predict", "-c", "mine.yaml", "--data.predict", "a.png", *QUIET, "-o", "out"]) == 0
    made = hdrgen.read("out/a/a.exr").as_float()
    np.testing.assert_allclose(
        made, hdrgen.load("cevr", device="cpu").reconstruct("a.png").pixels, rtol=2e-3, atol=1e-4
    )


@pytest.mark.parametrize("verb", ["predict", "test", "fit"])
def test_two_networks_are_one_too_many(verb, lab, capsys):
    assert main([verb, "--weights", "cevr", "--ckpt_path", "last"]) == 2
    assert "--weights and --ckpt_path both name a network; pass one of them" in capsys.readouterr().err


def test_a_training_starts_from_weights_by_name_and_does_not_go_on_from_them(lab, capsys):
    assert main(["fit", "--weights", "cevr", "--data.train", "ProceduralScenes"]) == 2
    assert "pass --model.initial_weights" in capsys.readouterr().err
    method = example_of("CEVR").model(initial_weights="cevr")
    method.setup("fit")
    assert torch.equal(next(method.parameters()), next(hdrgen.load("cevr", device="cpu").method.parameters()))


# -- writing --------------------------------------------------------------------------------------------------------


def test_the_same_weights_give_the_same_bytes_and_name_no_path_of_the_machine(tmp_path):
    method = example_of("HDRGAN").model(initial_weights="/home/someone/secret.ckpt")
    contents = []
    for run in ("a", "b", "c", "d"):
        (tmp_path / run).mkdir()
        contents.append(write_weights(perturbed(method) if run == "a" else method, tmp_path / run / "x.safetensors"))
    assert len({path.read_bytes() for path in contents}) == 1
    assert b"secret" not in contents[0].read_bytes()
    header = contents[0].read_bytes()[8:60]
    assert header.startswith(b'{"__metadata__":{"format":"pt","hdrgen":"')


@pytest.mark.parametrize("name", ["InverseCamera", "CEVR", "HDRGAN"])
def test_half_precision_halves_the_file_and_loads_as_float32(name, tmp_path):
    method = perturbed(example_of(name).model())
    whole = write_weights(method, tmp_path / "whole.safetensors")
    half = write_weights(method, tmp_path / "half.safetensors", half=True)
    state, rounded = (read_checkpoint(path)["state_dict"] for path in (whole, half))
    assert all(value.dtype == state[key].dtype for key, value in rounded.items())
    assert any(not torch.equal(value, state[key]) for key, value in rounded.items())
    numbers = sum(value.numel() for value in state.values())
    assert half.stat().st_size < whole.stat().st_size - 1.8 * numbers
    parameters = dict(hdrgen.load(half, device="cpu").method.named_parameters())
    assert all(value.dtype == torch.float32 for value in parameters.values())
    assert all(torch.equal(value, state[key].half().float()) for key, value in parameters.items())


def test_half_precision_that_changes_pictures_is_refused(tmp_path, capsys, monkeypatch):
    method = perturbed(example_of("CEVR").model(identity_start=True))
    checkpoint = write_checkpoint(method, tmp_path / "last.ckpt")
    monkeypatch.setattr("hdrgen.exporting.weights_file.HALF_TOLERANCE", 0.0)
    out = tmp_path / "x.safetensors"
    assert main(["export", "--ckpt_path", str(checkpoint), "--half", "-o", str(out)]) == 2
    assert "with weights of 16 bits differs by" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.ckpt"]


def test_where_rounding_shows_small_tensors_stay_whole(monkeypatch):
    from hdrgen.exporting import weights_file

    method = perturbed(example_of("CEVR").model())
    names = {name for name, _ in method.named_parameters()}
    halved, largest = weights_file.half_weights_of(method)
    assert {halved[name].dtype for name in names} == {torch.float16}
    first = next(name for name in halved if name in names and halved[name].ndim == 4)
    monkeypatch.setattr(weights_file, "HALF_TOLERANCE", 0.999 * largest)
    monkeypatch.setattr(weights_file, "SMALL", halved[first].numel())
    state, smaller = weights_file.half_weights_of(method)
    assert smaller < largest
    assert torch.equal(state[first], method.state_dict()[first])
    assert {state[name].dtype for name in names if state[name].numel() > weights_file.SMALL} == {torch.float16}


def test_numbers_beyond_half_precision_stay_in_full():
    from hdrgen.exporting.weights_file import _halved

    for value, kind in (([1.0, 3.3], torch.float16), ([1.0, 1e5], torch.float32), ([1e-7, 3e-8], torch.float32)):
        assert _halved(torch.tensor(value)).dtype == kind


def test_one_command_makes_the_file_and_its_card(lab, tmp_path, capsys):
    out = tmp_path / "mine.safetensors"
    command = ["export", "--weights", "cevr", "--half", "-o", str(out)]
    assert main(command) == 0
    assert "in 16 bits, within" in capsys.readouterr().out
    card = read_card(tmp_path / "mine.md")
    assert card.facts["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert (card.facts["size"], card.facts["method"]) == (out.stat().st_size, "CEVR")
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    (tmp_path / "mine.md").write_text("---\nscore: 3 dB\nsize: 1\n---\n# Mine\n")
    assert main([*command, "--overwrite"]) == 0
    facts, _, text = (tmp_path / "mine.md").read_text().removeprefix("---\n").partition("---\n")
    assert facts.startswith(f"score: 3 dB\nsize: {out.stat().st_size}\nmethod: CEVR\n")
    assert text == "# Mine\n"
    assert main([*command, "--formats", "onnx"]) == 2
    assert "is one file of weights" in capsys.readouterr().err
