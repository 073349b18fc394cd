"""`hdrgen export`: what leaves hdrgen does what the method does."""

import json

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.camera import SRGB
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.exporting import ExposureProgram, export, exported_exposures, program_of, to_onnx, to_torch
from hdrgen.exporting.files import TOLERANCE, _difference
from hdrgen.methods import LinearGain, PlainMerge, load_method
from hdrgen.weights import read_checkpoint
from tests.checkpoint_files import example_of, perturbed, write_checkpoint, write_malicious
from tests.exports import STOPS, exported
from tests.methods.examples import EXAMPLES

GENERATING = [example.method.__name__ for example in EXAMPLES if example.method.generates]


def run_onnx(path, inputs):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    assert [given.name for given in session.get_inputs()] == list(inputs)
    return session.run(None, {name: value.numpy() for name, value in inputs.items()})


@pytest.mark.slow
@pytest.mark.parametrize("name", GENERATING)
def test_programs_equal_the_method_at_any_size(name, tmp_path_factory):
    method, folder, _ = made = exported(name, tmp_path_factory)
    checked = json.loads((folder / "card.json").read_text())["checked"]
    assert checked.keys() == {"pt2", "onnx"}
    assert all(value <= TOLERANCE for value in checked.values())
    stops = torch.tensor(exported_exposures(method, made.stops if name in STOPS else None))
    program = ExposureProgram(method, stops.tolist())
    sizes = ((41, 67), (90, 35))
    for size in sizes:
        inputs = program.inputs(*size)
        wanted = program.expected(inputs)
        assert [image.shape[-2:] for image in wanted] == [size] * len(program.outputs)
        assert all(float(image.std()) > 0.01 for image in wanted)
        with torch.no_grad():
            assert torch.equal(wanted[0], method.generate(inputs["image"], stops))
            images = run_onnx(folder / "model.onnx", inputs)
        for image, truth in zip(images, wanted, strict=True):
            assert np.abs(image - truth.numpy()).max() < TOLERANCE * max(1, float(truth.max()))
    if name == "DeepReverseToneMapping":  # reading takes seconds; export() has run those of all methods
        traced = torch.export.load(folder / "model.pt2").module()
        assert float((traced(**inputs)[0] - wanted[0]).abs().max()) < TOLERANCE
    assert program.outputs == (["exposures", "hdr"] if name == "AdaptiveITM" else ["exposures"])


def check_merging(program, path, run):
    """An ONNX program, and one of torch, at sizes and stops of all kinds."""
    for size, ev in (((41, 67), (-2, 0, 2)), ((90, 35), (-1.5, 0, 3)), ((program.smallest,) * 2, (-3, 0, 3))):
        inputs = program.inputs(*size) | {"ev": torch.tensor([ev], dtype=torch.float32)}
        wanted = program.expected(inputs)[0]
        assert wanted.shape == (1, 3, *size)
        assert float(wanted.std()) > 0.01
        with torch.no_grad():
            made = (run(**inputs)[0].numpy(), run_onnx(path, inputs)[0])
        for image in made:
            np.testing.assert_allclose(image, wanted.numpy(), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.slow
def test_programs_that_merge_photographs_equal_the_method_at_any_size_and_stops(tmp_path):
    """With all that changes what enters and leaves the network."""
    variant = {"start_near_reference": True, "tone_mapped_input": True, "linear_output": False, "response": SRGB()}
    program = program_of(
        perturbed(example_of("HDRGAN").model(**variant, merging=False))
    )  # the next test's network merges
    traced = to_torch(program)
    to_onnx(program, traced, {}).save(tmp_path / "model.onnx")
    check_merging(program, tmp_path / "model.onnx", traced.module())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HDRGAN", "HDRTransformer"])  # of which the second takes one window, too
def test_exporting_a_method_that_merges_photographs(name, tmp_path_factory):
    method, folder, printed = exported(name, tmp_path_factory)
    check_merging(program_of(method), folder / "model.onnx", torch.export.load(folder / "model.pt2").module())
    assert "exposures and ev to hdr, of any size, within" in printed
    card = json.loads((folder / "card.json").read_text())
    assert [(port["name"], port["shape"]) for port in card["inputs"]] == [
        ("exposures", [1, 3, 3, "H", "W"]),
        ("ev", [1, 3]),
    ]
    assert [port["name"] for port in card["outputs"]] == ["hdr"]
    assert max(card["checked"].values()) <= TOLERANCE


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run as `hdrgen fit` leaves it."""
    run = tmp_path_factory.mktemp("run")
    (run / "checkpoints").mkdir()
    (run / "config.yaml").write_text("seed_everything: 7\ndata:\n  train: {class_path: ProceduralScenes}\nmodel: X\n")
    method = perturbed(example_of("MultiExposureGeneration").model(two_exposure_nets=False))
    return method, write_checkpoint(method, run / "checkpoints/last.ckpt")


@pytest.fixture(scope="module")
def folder(trained):
    folder = trained[1].parents[1] / "exported"
    assert main(["export", "--ckpt_path", str(trained[1]), "--formats", "safetensors", "-o", str(folder)]) == 0
    return folder


def test_the_card_says_what_it_is(folder, trained, tmp_path):
    card = json.loads((folder / "card.json").read_text())
    assert card["method"] == "MultiExposureGeneration"
    assert card["config"]["init_args"]["encoder_channels"] == [8, 8]
    assert card["data"]["train"] == {"class_path": "ProceduralScenes"}
    assert card["training"]["seed"] == 7
    assert card["training"]["global_step"] == 0
    assert "WACV 2023" in card["paper"]
    assert card["made_by"]["packages"]["torch"] == torch.__version__
    assert card["made_by"]["commit"]
    assert "MIT" in card["licence"]
    assert card["inputs"] is None


def test_weights_load_without_pickle(folder, trained):
    method, checkpoint = trained
    image = np.random.default_rng(0).random((20, 22, 3), np.float32)
    wanted = hdrgen.load(checkpoint, device="cpu").generate(image, 1.0)
    for path in (folder, folder / "model.safetensors"):
        model = hdrgen.load(path, device="cpu")
        np.testing.assert_array_equal(model.generate(image, 1.0), wanted)
    state = read_checkpoint(folder)["state_dict"]
    assert state.keys() == method.state_dict().keys()


def test_predict_takes_weights_for_a_checkpoint(folder, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hdrgen.write("photo.png", np.random.default_rng(0).random((20, 22, 3), np.float32))
    quiet = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.predict", "photo.png"]
    for name, path in (("a", trained[1]), ("b", folder)):
        assert main(["predict", f"--ckpt_path={path}", *quiet, "-o", name]) == 0
    first, second = (hdrgen.read(f"{name}/photo/photo.exr").pixels for name in "ab")
    np.testing.assert_array_equal(first, second)
    assert "random weights" not in capsys.readouterr().err
    assert main(["fit", f"--ckpt_path={folder}", "--data.train=ProceduralScenes"]) == 2
    assert "holds weights alone" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["truncated", "text", "foreign", "list"])
def test_damaged_weights(damage, folder, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "x.safetensors"
    content = (folder / "model.safetensors").read_bytes()
    path.write_bytes({"truncated": content[:-9], "text": b"no weights"}.get(damage, b""))
    if damage == "foreign":
        save_file({"x": torch.zeros(1)}, path)
    if damage == "list":
        save_file({"x": torch.zeros(1)}, path, metadata={"hdrgen": "[1]"})
    with pytest.raises(InputError, match=r"damaged or not a checkpoint|does not say which method"):
        load_method(path)


def test_nothing_in_a_checkpoint_runs(tmp_path, capsys):
    from safetensors.torch import save_file

    evil = write_malicious(tmp_path / "evil.ckpt", tmp_path / "owned")
    for verb in (["export"], ["expand", "photo.png"]):
        hdrgen.write(tmp_path / "photo.png", np.zeros((4, 4, 3), np.float32))
        photo = [str(tmp_path / part) if part == "photo.png" else part for part in verb]
        assert main([*photo, "--ckpt_path", str(evil), "-o", str(tmp_path / "out")]) == 2
        assert "evil.ckpt refused: it asks to run" in capsys.readouterr().err
    method = json.dumps({"class_path": "antigravity.Method"})
    save_file({"x": torch.zeros(1)}, tmp_path / "evil.safetensors", metadata={"hdrgen": method})
    with pytest.raises(InputError, match=r"antigravity\.Method, which is not part of hdrgen"):
        hdrgen.load(tmp_path / "evil.safetensors")
    assert not (tmp_path / "owned").exists()
    assert not (tmp_path / "out").exists()


def test_bad_input(trained, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    merging = write_checkpoint(example_of("HDRGAN").model(), tmp_path / "gan.ckpt")
    plain = write_checkpoint(PlainMerge(), tmp_path / "plain.ckpt")
    steps = write_checkpoint(example_of("DeepSynthHDRI").model(), tmp_path / "steps.ckpt")
    for arguments, told in (
        (["--ckpt_path", "none.ckpt"], "found nothing at none.ckpt"),
        (["--ckpt_path", str(trained[1]), "--formats", "onx"], "no format 'onx'; did you mean onnx?"),
        (["--ckpt_path", str(trained[1]), "-o", str(folder), "--formats", "pt2"], "card.json exists already"),
        (["--ckpt_path", str(plain)], "only its weights can be exported"),
        (["--ckpt_path", str(merging), "--ev", "1"], "HDRGAN generates no exposures"),
        (["--ckpt_path", str(steps), "--ev", "0.5"], "DeepSynthHDRI cannot make EV +0.5"),
        (["--ckpt_path", str(trained[1]), "--ev", "0"], "expected 1 to 64 exposures other than EV 0"),
        ([], "required: --ckpt_path"),
    ):
        assert main(["export", *arguments]) == 2
        assert told in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gan.ckpt", "plain.ckpt", "steps.ckpt"]


def test_weights_alone_of_a_merging_method(tmp_path):
    method = example_of("HDRGAN").model()
    export(write_checkpoint(method, tmp_path / "gan.ckpt"), tmp_path / "out", ["safetensors"])
    assert hdrgen.load(tmp_path / "out", device="cpu").name == "HDRGAN"


def test_a_program_that_does_something_else_is_not_kept():
    program = ExposureProgram(LinearGain(), [1.0])
    with pytest.raises(InputError, match=r"LinearGain as onnx differs by .* from itself"):
        _difference(program, lambda inputs: [inputs["image"][:, None]], "onnx")


class ChoosesByTensor(LinearGain):
    """What torch.export cannot follow."""

    def expose(self, image, ev):
        return torch.stack([image if bool(stop > 0) else image / 2 for stop in ev], dim=1)


def test_a_method_that_no_program_can_hold():
    with pytest.raises(InputError, match=r"cannot follow ChoosesByTensor .*ev\.tolist\(\)") as caught:
        to_torch(program_of(ChoosesByTensor(), [-1.0, 1.0]))
    assert "\n" not in str(caught.value)
