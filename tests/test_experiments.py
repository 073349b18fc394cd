from pathlib import Path

import pytest
import yaml

from hdrgen import configs
from hdrgen.cli.main import main

SCENES = {"cevr": 43, "deep_synth": 43, "multi_exposure": 5163, "adaptive_itm": 360, "hdr_gan": 70}
"""To train on: VDS without five to choose by, DrTMO by Le et al.'s 3,630 steps of 64 pairs, SICE, Kalantari."""
FOLDER = Path(__file__).resolve().parents[1] / "experiments"
OVERLAYS = sorted(FOLDER.glob("*/*.yaml"))


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_overlay_changes_what_it_says(overlay, capsys):
    """On top of the method's small config, an overlay parses, and every setting in it arrives."""
    below = [f"{overlay.parent.name}_small"] if overlay.parent.name != "weights" else below_weights(overlay)
    configs = (word for config in (*below, overlay) for word in ("--config", str(config)))
    assert main(["fit", *configs, "--print_config"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    wanted = yaml.safe_load(overlay.read_text())
    assert_within(wanted, printed)


def below_weights(overlay):
    """What the recipe of packaged weights goes on top of, in their order."""
    first = "inverse_camera" if overlay.stem.startswith("inverse_camera") else f"{overlay.stem}_small"
    if overlay.stem in ("data", "one_photograph_test"):
        return ["cevr_small"]
    one_of = {"hdr_gan": first, "three_exposures": "ahdrnet_small"}
    if overlay.stem in one_of:
        return [one_of[overlay.stem], FOLDER / "hdr_gan" / "rendered_motion.yaml"]
    first = "hdrunet_small" if overlay.stem == "one_photograph" else first
    return [first, overlay.with_name("data.yaml"), *parts_before(overlay)]


def parts_before(overlay):
    """A training in several parts: NAME.yaml, then NAME_....yaml."""
    return [path for path in OVERLAYS if path.parent == overlay.parent and overlay.stem.startswith(f"{path.stem}_")]


def test_no_overlay_changes_the_widths_of_the_configuration_below_it():
    """It would make a paper's network as narrow as a small one, without a word."""
    for overlay in OVERLAYS:
        arguments = (yaml.safe_load(overlay.read_text()).get("model") or {}).get("init_args", {})
        lists = [key for key, value in arguments.items() if isinstance(value, list)]
        assert not [key for key in lists if key.endswith("channels")], overlay


def assert_within(wanted, found):
    if isinstance(wanted, dict):
        if "class_path" in wanted and "class_path" not in found:  # of a dataclass, its fields alone are printed
            wanted = wanted.get("init_args", {})
        for key, value in wanted.items():
            if key == "class_path":
                assert found[key].endswith(value.rpartition(".")[2])
            else:
                assert_within(value, found[key])
    elif isinstance(wanted, list):
        for one, other in zip(wanted, found, strict=True):
            assert_within(one, other)
    else:
        assert found == wanted


@pytest.mark.parametrize("name", SCENES)
def test_a_paper_s_training_validates_and_saves_after_hundreds_of_steps(name):
    """A checkpoint of Kim et al.'s has 2.8 GB."""
    config = yaml.safe_load(configs.path_of(name).read_text())
    steps = config["data"]["samples_per_scene"] * SCENES[name] // config["data"]["batch_size"]
    assert 500 <= steps <= 5000
    assert config["trainer"].get("check_val_every_n_epoch", 1) == 1
