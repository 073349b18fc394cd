"""Files from others, by every way they come in: nothing in them is run, and no module is imported for them."""

import os
import pickle

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from tests.checkpoint_files import write_malicious

QUIET = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.logger=false"]
FROM_CHECKPOINT = {
    "fit": ["fit", "--data.train=ProceduralScenes", *QUIET, "--ckpt_path"],
    "validate": ["validate", "--data.val=ProceduralScenes", *QUIET, "--ckpt_path"],
    "test": ["test", "--data.test=ProceduralScenes", *QUIET, "--ckpt_path"],
    "test of a named method": ["test", "--model=CEVR", "--data.test=ProceduralScenes", *QUIET, "--ckpt_path"],
    "predict": ["predict", "--data.predict=photo.png", *QUIET, "--ckpt_path"],
    "export": ["export", "--ckpt_path"],
    "expand": ["expand", "photo.png", "--ckpt_path"],
    "merge": ["merge", "photo.png", "bright.png", "--method=hdr_gan", "--ckpt_path"],
    "initial weights": [
        *["fit", "--model=HDRGAN", "--model.channels=[6,8]", "--model.adversarial_weight=0"],
        *["--data.train=MovingScenes", "--trainer.max_steps=2", *QUIET, "--model.initial_weights"],
    ],
    "encoder": [
        *["fit", "--model=CEVR", "--data.train=ProceduralScenes", "--trainer.max_steps=1", *QUIET],
        "--model.encoder_weights",
    ],
    "LPIPS": ["compare", "photo.png", "bright.png", "--metrics=lpips", "--lpips-weights"],
}


@pytest.fixture
def owned(tmp_path, monkeypatch):
    """What a file has done that was run; photographs lie beside it."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("photo", 0.2), ("bright", 0.8)):
        hdrgen.write(f"{name}.png", np.full((64, 64, 3), value, np.float32))
    (tmp_path / "exposures.csv").write_text("file,ev\nphoto.png,-2\nbright.png,2\n")
    return tmp_path / "owned"


@pytest.mark.parametrize("way", FROM_CHECKPOINT)
def test_no_weights_are_unpickled(way, owned, capsys):
    write_malicious(owned.parent / "evil.ckpt", owned)
    assert main([*FROM_CHECKPOINT[way], "evil.ckpt"]) == 2
    told = capsys.readouterr().err
    assert not owned.exists()
    assert "evil.ckpt" in told
    assert "Traceback" not in told
    if "named" not in way:
        assert len(told.strip().splitlines()) == 1


def test_no_last_checkpoint_is_unpickled(owned, capsys):
    folder = owned.parent / "runs/CEVR/version_0/checkpoints"
    folder.mkdir(parents=True)
    write_malicious(folder / "last.ckpt", owned)
    for asked in ("last", "best"):
        assert main(["predict", "--data.predict=photo.png", *QUIET, "--ckpt_path", asked]) == 2
        assert "refused: it asks to run" in capsys.readouterr().err
    assert not owned.exists()


@pytest.mark.parametrize("name", ["photo.npy", "photo.npz", "curve.mat", "photo.exr", "model.onnx"])
def test_no_arrays_or_curves_are_unpickled(name, owned, capsys):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(owned),)

    with open(name, "wb") as file:  # noqa: PTH123  # what NumPy appends no suffix to
        if name.endswith(".npy"):
            np.save(file, np.array([Evil()], dtype=object), allow_pickle=True)
        elif name.endswith(".npz"):
            np.savez(file, image=np.array([Evil()], dtype=object))
        else:
            pickle.dump(Evil(), file)
    verb = (
        ["tonemap", name]
        if name.startswith("photo")
        else ["merge", "photo.png", "bright.png", "--ev=-2,2", "--response", name]
    )
    if name.endswith(".onnx"):
        with pytest.raises(InputError, match=r"model\.onnx: expected an ONNX program"):
            hdrgen.load_program(name)
    else:
        assert main(verb) == 2
        assert name in capsys.readouterr().err
    assert not owned.exists()


@pytest.mark.parametrize("verb", ["fit", "test", "predict", "merge", "export", "tonemap"])
def test_no_configuration_makes_objects_of_python(verb, owned, capsys):
    (owned.parent / "evil.yaml").write_text(f"model: !!python/object/apply:os.mkdir ['{owned}']\n")
    assert main([verb, *(["photo.png"] if verb in ("merge", "tonemap") else []), "--config", "evil.yaml"]) == 2
    assert "evil.yaml" in capsys.readouterr().err
    assert not owned.exists()
