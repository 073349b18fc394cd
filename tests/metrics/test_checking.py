import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.metrics import check_images

SCENES = ["attic", "bridge"]


def pair():
    return torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)).add(0.1).repeat(2, 1, 1, 1).chunk(2)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("domain", ["display", "radiance", "luminance"])
@pytest.mark.parametrize(("which", "words"), [(0, "the result"), (1, "the truth")])
def test_values_that_are_not_finite_name_the_scene(value, domain, which, words):
    images = [x.clone() for x in pair()]
    images[which][1, 0, 0, :2] = value
    with pytest.raises(InputError, match=rf"bridge: expected finite values in {words}, found NaN or infinite 2 of 60"):
        check_images(*images, SCENES, domain)


def test_a_negative_truth_is_refused():
    image, target = pair()
    target[0, 0, 0, 0] = -1e-3
    with pytest.raises(InputError, match="attic: expected no negative light in the truth"):
        check_images(image, target, SCENES)


def test_a_negative_result_is_cut_and_told():
    image, target = pair()
    image[1, 0, 0, :3] = -1
    with pytest.warns(UserWarning, match=r"bridge: 5 % of the result's values are negative"):
        found = check_images(image, target, SCENES, "luminance")
    torch.testing.assert_close(found, image.clamp_min(0))


def test_a_black_truth_is_refused_but_not_of_display_values():
    image, target = pair()
    target[1] = 0
    with pytest.raises(InputError, match="bridge: expected a truth with some light"):
        check_images(image, target, SCENES)
    assert check_images(image, target, SCENES, "display") is image


@pytest.mark.filterwarnings("error")
def test_a_black_result_is_a_result():
    image, target = pair()
    assert check_images(torch.zeros_like(image), target, SCENES).sum() == 0


def test_sizes_must_agree():
    with pytest.raises(InputError, match="attic: expected the size of the truth, 5 x 4, found 4 x 4"):
        check_images(torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 5), ["attic"])


def test_display_values_may_leave_the_range():
    image, target = pair()
    assert check_images(-image, target, SCENES, "display").min() < 0


def test_names_the_argument_that_helps():
    with pytest.raises(InputError, match="pass clean=True to replace them") as caught:
        check_images(torch.full((1, 3, 1, 1), torch.nan), torch.ones(1, 3, 1, 1), ["attic"])
    assert caught.value.argument == "clean"


@pytest.mark.parametrize(("negative", "share"), [(60, "100"), (59, "98.3"), (1, "1.67")])
def test_the_share_of_negative_values_is_in_percent(negative, share):
    image, target = pair()
    image[1].view(-1)[:negative] = -1
    with pytest.warns(UserWarning, match=rf"^bridge: {share} % of the result's values are negative, taken as 0$"):
        check_images(image, target, SCENES)
