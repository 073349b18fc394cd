"""Which method a checkpoint is of, whose word is needed to import it, and what its arguments may be."""

import pytest
import torch

from hdrgen.camera import Sigmoid
from hdrgen.errors import InputError
from hdrgen.methods import MultiExposureGeneration, PlainMerge, build, load_method, method_in
from tests.toys import ToyMethod

MERGE = "hdrgen.methods.baselines.module.PlainMerge"
TOY = "tests.toys.ToyMethod"


def checkpoint(class_path: str = "hdrgen.methods.PlainMerge", **arguments):
    return {"state_dict": {}, "hyper_parameters": {"_class_path": class_path, "_instantiator": "x", **arguments}}


@pytest.mark.parametrize("name", ["hdrgen.methods.PlainMerge", "hdrgen.moved.elsewhere.PlainMerge", "PlainMerge"])
def test_method_and_its_arguments(name):
    described = {"class_path": MERGE, "init_args": {"estimate": True, "frames": [-2, 0.0]}}
    assert method_in(checkpoint(name, estimate=True, frames=(-2, 0.0)), "x.ckpt") == described


def test_objects_are_made_of_known_classes():
    response = {"class_path": "hdrgen.camera.old.Sigmoid", "init_args": {"n": 0.8}}
    method = build(method_in(checkpoint(response=response), "x.ckpt"))
    assert isinstance(method, PlainMerge)
    assert isinstance(method.response, Sigmoid)
    assert method.response.n == 0.8


def test_optimizers_and_schedules_are_made_later():
    small = {"encoder_channels": [2, 2], "exposure_channels": [2, 2], "perceptual_weight": 0.0}
    made = {
        "state_dict": MultiExposureGeneration(**small).state_dict(),
        "hyper_parameters": {
            "_class_path": "MultiExposureGeneration",
            **small,
            "optimizer": {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.25}},
            "scheduler": {"class_path": "pytorch_lightning.cli.ReduceLROnPlateau", "init_args": {"monitor": "val/l1"}},
        },
    }
    method = build(method_in(made, "x.ckpt"))
    optimizer = method.optimizer(method.parameters())
    assert isinstance(optimizer, torch.optim.SGD)
    assert optimizer.param_groups[0]["lr"] == 0.25
    assert method.scheduler(optimizer).monitor == "val/l1"
    made["hyper_parameters"]["optimizer"]["init_args"]["params"] = []
    with pytest.raises(InputError, match="optimizer: no argument 'params'"):
        method_in(made, "x.ckpt")


def test_checkpoint_of_a_notebook_names_its_class_elsewhere():
    made = {"state_dict": {}, "hyper_parameters": {"estimate": True}, "hdrgen": {"class_path": MERGE}}
    assert method_in(made, "x.ckpt")["class_path"] == MERGE


@pytest.mark.parametrize("name", ["os.path.Method", "subprocess.Popen", "antigravity.Method", "antigravity.PlainMerge"])
def test_names_do_not_import_modules(name):
    with pytest.raises(InputError, match=r"not part of hdrgen; pass method="):
        method_in(checkpoint(name), "x.ckpt")


def test_a_method_that_the_user_names_is_taken():
    assert method_in(checkpoint("my.lab.Method", channels=3), "x.ckpt", vouched=TOY)["class_path"] == TOY
    assert method_in(checkpoint(TOY), "x.ckpt")["class_path"] == f"{ToyMethod.__module__}.ToyMethod"  # it is imported
    with pytest.raises(InputError, match=r"optimizer: expected .*, found 'tests\.toys\.ToyScenes'"):
        method_in(checkpoint(TOY, optimizer={"class_path": "tests.toys.ToyScenes"}), "x.ckpt", vouched=TOY)


@pytest.mark.parametrize("name", ["no.such.Method", "hdrgen.camera.Gamma", "hdrgen.methods.Missing", "Method"])
def test_what_the_user_names_must_be_a_method(name):
    with pytest.raises(InputError, match=rf"expected .* found {name}"):
        method_in(checkpoint(), "x.ckpt", vouched=name)


def test_a_network_that_would_be_larger_than_its_file_is_not_made():
    arguments = {"channels": [4096, 4096], "adversarial_weight": 0}
    with pytest.raises(InputError, match="refused: expected weights for all of the network, found 0 bytes"):
        method_in(checkpoint("HDRGAN", **arguments), "x.ckpt")


def test_a_tensor_that_repeats_one_number_counts_once(tmp_path):
    from hdrgen.weights import read_checkpoint

    torch.save({"state_dict": {"x": torch.zeros(1).expand(10**9)}}, tmp_path / "x.ckpt")
    with pytest.raises(InputError, match="expected tensors by name"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_checkpoint_without_a_method():
    with pytest.raises(InputError, match="does not say which method"):
        method_in({"state_dict": {}}, "x.ckpt")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    method = ToyMethod()
    method.weight.data[0] = float("nan")
    entries = {"hyper_parameters": {}, "hdrgen": {"class_path": "tests.toys.ToyMethod"}}
    torch.save({"state_dict": method.state_dict(), **entries}, tmp_path / "nan.ckpt")
    with pytest.raises(
        InputError, match=r"nan\.ckpt: expected finite weights, found NaN .* 1 tensors .*first is weight"
    ):
        load_method(tmp_path / "nan.ckpt", ToyMethod)
