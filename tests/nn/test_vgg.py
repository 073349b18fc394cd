import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import correlate

from hdrgen.errors import InputError
from hdrgen.nn import VGGEncoder, VGGFeatures, load_vgg16, pretrained_vgg


def numpy_features(image, state, blocks):
    """The same trunk up to the pooling of `blocks`, by SciPy's correlation."""
    x = (image - np.array([0.485, 0.456, 0.406])[:, None, None]) / np.array([0.229, 0.224, 0.225])[:, None, None]
    index, outputs = 0, []
    for count in blocks:
        for _ in range(count):
            weight, bias = state[f"features.{index}.weight"].numpy(), state[f"features.{index}.bias"].numpy()
            padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
            x = np.stack([correlate(padded, w, "valid")[0] + b for w, b in zip(weight, bias, strict=True)]).clip(0)
            index += 2
        x = x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2).max(axis=(2, 4))
        index += 1
        outputs.append(x)
    return outputs


def test_layers_equal_a_numpy_reference():
    trunk = VGGFeatures(19, ["pool1", "pool2"])
    image = torch.rand(1, 3, 8, 8)
    expected = numpy_features(image[0].double().numpy(), trunk.state_dict(), (2, 2))
    for found, wanted in zip(trunk(image), expected, strict=True):
        np.testing.assert_allclose(found[0].numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize(("depth", "position"), [(16, 28), (19, 34)])
def test_weight_names_are_torchvisions(depth, position):
    """The last convolution of vgg16 is features.28, that of vgg19 features.34."""
    trunk = VGGFeatures(depth, ["pool5"])
    assert f"features.{position}.weight" in trunk.state_dict()
    assert sum(p.numel() for p in trunk.parameters()) == {16: 14_714_688, 19: 20_024_384}[depth]


def test_frozen_but_differentiable_in_the_image():
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    VGGFeatures(19, ["pool1"])(image)[0].sum().backward()
    assert image.grad is not None
    assert not any(p.requires_grad for p in VGGFeatures(19, ["pool1"]).parameters())


def test_weights_from_a_path_and_from_the_cache(tmp_path, monkeypatch):
    trunk = VGGFeatures(19, ["pool1"])
    path = tmp_path / "mine.pth"
    torch.save(trunk.state_dict() | {"classifier.0.weight": torch.zeros(1)}, path)
    loaded = pretrained_vgg(19, ["pool1"], path)
    assert torch.equal(loaded.features[0].weight, trunk.features[0].weight)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    path.rename(cache / "vgg19-dcbb9e9d.pth")
    assert torch.equal(pretrained_vgg(19, ["pool1"]).features[2].weight, trunk.features[2].weight)


def test_weights_are_fetched_once_and_checked_by_the_hash_in_their_name(tmp_path, monkeypatch):
    fetched = []

    def download(url, path, hash_prefix):
        fetched.append((url, hash_prefix))
        torch.save({"features.0.weight": torch.zeros(1)}, path)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    for _ in range(2):
        with pytest.raises(InputError, match=r"features\.0\.bias|features\.0\.weight"):
            pretrained_vgg(19, ["pool1"])
    assert fetched == [("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "dcbb9e9d")]
    assert (tmp_path / "checkpoints/vgg19-dcbb9e9d.pth").is_file()


def test_never_silently_random(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(InputError, match="pass perceptual_weights=FILE, or") as caught:
        pretrained_vgg(19, ["pool1"])
    assert caught.value.argument == "perceptual_weights"
    with pytest.raises(InputError, match="no such file"):
        pretrained_vgg(19, ["pool1"], tmp_path / "none.pth")
    (tmp_path / "wrong.pth").write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match=r"wrong\.pth"):
        pretrained_vgg(19, ["pool1"], tmp_path / "wrong.pth")
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match=r"features\.0\.weight"):
        pretrained_vgg(19, ["pool1"], tmp_path / "other.pth")


def test_unknown_names_are_told():
    with pytest.raises(ValueError, match="pool9"):
        VGGFeatures(19, ["pool9"])
    with pytest.raises(ValueError, match="not 11"):
        VGGFeatures(11, ["pool1"])


class TestEncoder:
    def test_it_is_vgg16_bn_with_torchvisions_names(self):
        """torchvision's vgg16_bn has its seventh convolution at features.20, normalised by features.21."""
        encoder = VGGEncoder()
        state = encoder.state_dict()
        assert state["features.20.weight"].shape == (256, 256, 3, 3)
        assert state["features.21.running_var"].shape == (256,)
        assert sum(p.numel() for p in encoder.parameters()) == 1_735_488 + 2 * (2 * 64 + 2 * 128 + 3 * 256)
        assert sum(b.numel() for b in encoder.buffers()) == 2_311

    def test_features_equal_a_functional_reference(self):
        encoder = VGGEncoder((4, 6)).eval()
        for module in encoder.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(module.running_mean)
                torch.nn.init.uniform_(module.running_var, 0.5, 2)
        image = torch.rand(2, 3, 16, 16)
        state, x, expected = encoder.state_dict(), image, []
        for positions in ((0, 3), (7, 10)):
            for at in positions:
                x = F.conv2d(x, state[f"features.{at}.weight"], state[f"features.{at}.bias"], padding=1)
                norm = [
                    state[f"features.{at + 1}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
                ]
                x = F.batch_norm(x, *norm).relu()
            expected.append(x)
            x = F.max_pool2d(x, 2)
        for found, wanted in zip(encoder(image), [*expected, x], strict=True):
            torch.testing.assert_close(found, wanted)

    def test_impossible_widths_are_refused(self):
        for channels in ((), (4, 0), (1, 2, 3, 4, 5, 6)):
            with pytest.raises(InputError, match="one to five VGG blocks"):
                VGGEncoder(channels)

    def test_weights_of_a_file_older_than_the_count_of_batches(self, tmp_path):
        taught, encoder = VGGEncoder(), VGGEncoder()
        state = {key: value for key, value in taught.state_dict().items() if "num_batches" not in key}
        torch.save(state | {"classifier.0.weight": torch.zeros(1)}, tmp_path / "mine.pth")
        load_vgg16(encoder, tmp_path / "mine.pth")
        assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), taught.parameters(), strict=True))

    def test_never_silently_random(self, tmp_path, monkeypatch):
        def offline(*args, **kwargs):
            raise OSError("no network")

        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
        monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
        with pytest.raises(InputError, match=r"no network.*pass encoder_weights=FILE, or start at random"):
            load_vgg16(VGGEncoder())
        with pytest.raises(InputError, match=r"widths \[64, 128\].*found \[4, 8\]; start at random with pretrained"):
            load_vgg16(VGGEncoder((4, 8)))
        torch.save(VGGEncoder((64,)).state_dict(), tmp_path / "shallow.pth")
        with pytest.raises(InputError, match=r"vgg16_bn, found no fitting entry for 'features\.7\.weight'"):
            load_vgg16(VGGEncoder((64, 128)), tmp_path / "shallow.pth")
