"""Which method a checkpoint is of, and whose word is needed to import it."""

import pytest

from hdrgen.errors import InputError
from hdrgen.methods import method_in


def checkpoint(class_path: str = "hdrgen.methods.LinearGain", **arguments):
    return {"state_dict": {}, "hyper_parameters": {"_class_path": class_path, "_instantiator": "x", **arguments}}


def test_method_and_its_arguments():
    assert method_in(checkpoint(gamma=2.4), "x.ckpt") == {
        "class_path": "hdrgen.methods.LinearGain",
        "init_args": {"gamma": 2.4},
    }


def test_checkpoint_of_a_notebook_names_its_class_elsewhere():
    made = {"state_dict": {}, "hyper_parameters": {"gamma": 2.4}, "hdrgen": {"class_path": "hdrgen.methods.LinearGain"}}
    assert method_in(made, "x.ckpt")["class_path"] == "hdrgen.methods.LinearGain"


@pytest.mark.parametrize(
    "made",
    [
        checkpoint("os.path.Method"),
        checkpoint("subprocess.Popen"),
        checkpoint("antigravity.Method"),
    ],
)
def test_names_do_not_import_modules(made):
    with pytest.raises(InputError, match=r"not part of hdrgen|refused"):
        method_in(made, "x.ckpt")


def test_a_method_that_the_user_names_is_taken():
    made = checkpoint("my.lab.Method", net={"class_path": "my.nets.Net"})
    assert method_in(made, "x.ckpt", vouched="my.lab.Method")["class_path"] == "my.lab.Method"
    with pytest.raises(InputError, match="refused"):
        method_in(checkpoint("my.lab.Method", net={"class_path": "other.Net"}), "x.ckpt", vouched="my.lab.Method")


def test_nested_names_do_not_import_modules():
    nested = {"class_path": "antigravity.Adam", "init_args": {}}
    with pytest.raises(InputError, match=r"refused: its arguments name antigravity\.Adam"):
        method_in(checkpoint(optimizers=[nested]), "x.ckpt")
    nested = {"class_path": "torch.optim.Adam", "init_args": {"lr": 1}}
    assert method_in(checkpoint(optimizer=nested), "x.ckpt")["init_args"]["optimizer"] == nested


def test_checkpoint_without_a_method():
    with pytest.raises(InputError, match="does not say which method"):
        method_in({"state_dict": {}}, "x.ckpt")
