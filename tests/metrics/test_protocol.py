"""What a protocol makes of images."""

import json

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from hdrgen import configs
from hdrgen.errors import InputError
from hdrgen.metrics import (
    L1,
    PSNR,
    PSNRL,
    PU21PSNR,
    SSIM,
    EvaluationProtocol,
    ImageMetric,
    PSNRMu,
    align_mean,
    align_percentiles,
    load_protocol,
    match_scale,
    peak_of,
    psnr,
    psnr_mu,
    ssim,
)
from hdrgen.tonemap import reinhard2002, reinhard2005

PAPERS = ["le2023", "kim2020", "cevr2023", "zhang2023", "hdrgan2021"]


class Seen(ImageMetric):
    """Remembers what it is given, and draws a map."""

    domain = "luminance"
    higher_is_better = False
    bounds = (0.0, 1.0)
    reference = "none"
    outputs = ("seen", "unseen")
    opposite = ("unseen",)

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        self.image, self.target = image, target
        return {"seen": torch.zeros(len(image)), "unseen": torch.ones(len(image))}

    def examine(self, image, target):
        return self.measure(image, target), {"seen_map": torch.rand(len(image), 1, *image.shape[-2:])}


def pair(scenes=2, size=24, seed=0):
    generator = torch.Generator().manual_seed(seed)
    truth = torch.rand(scenes, 3, size, size, generator=generator).exp2() ** 4
    return truth * (0.5 + torch.rand(truth.shape, generator=generator)), truth


def batch(size=24, **more):
    hdr = pair(size=size)[1]
    ev = torch.tensor([-2.0, 0.0, 1.0]).repeat(2, 1)
    ldr = (hdr[:, None] * ev.exp2()[..., None, None, None]).clamp(0, 1) ** (1 / 2.2)
    return {"ldr": ldr, "ev": ev, "ref": torch.tensor([1, 1]), "hdr": hdr, "scene": ["a", "b"], **more}


class TestQuick:
    """The scores that validation has had from the beginning."""

    def test_hdr_image(self):
        radiance, truth = pair()
        aligned, _, told = load_protocol("quick").judge_hdr(["a", "b"], radiance, truth)
        scaled = match_scale(radiance, truth)
        torch.testing.assert_close(aligned, scaled)
        shown, wanted = (reinhard2005(x / peak_of(truth, 0.999), light=0.5, gamma=2.2) for x in (scaled, truth))
        expected = {"psnr_mu": psnr_mu(scaled, truth), "tm_psnr": psnr(shown, wanted), "tm_ssim": ssim(shown, wanted)}
        for score in told.scores:
            index = ["a", "b"].index(score["scene"])
            assert score["ev"] is None
            assert score["value"] == pytest.approx(expected[score["metric"]][index].item(), rel=1e-4)
        assert {score["metric"] for score in told.scores} == set(expected)

    def test_stack(self):
        stack, truth = torch.rand(2, 3, 3, 16, 16), torch.rand(2, 3, 3, 16, 16)
        scores = load_protocol("quick").judge_stack(["a", "b"], stack, truth, torch.tensor([[-1.0, 1.0, 2.0]] * 2))
        found = {(s["scene"], s["ev"], s["metric"]): s["value"] for s in scores}
        assert len(found) == len(scores) == 18
        assert found["b", 2.0, "psnr"] == pytest.approx(psnr(stack[1, 2:], truth[1, 2:]).item())
        assert found["a", -1.0, "l1"] == pytest.approx((stack[0, 0] - truth[0, 0]).abs().mean().item())


class TestPreparation:
    def test_nothing_to_do(self):
        given = batch()
        assert EvaluationProtocol().prepared(given) is given

    def test_everything_is_resized_once(self):
        given = batch()
        made = EvaluationProtocol(resize=(12, 18)).prepared(given)
        assert made["ldr"].shape == (2, 3, 3, 12, 18)
        assert made["hdr"].shape == (2, 3, 12, 18)
        expected = interpolate(given["ldr"][1], (12, 18), mode="bilinear", antialias=True)
        torch.testing.assert_close(made["ldr"][1], expected)
        assert given["hdr"].shape == (2, 3, 24, 24)

    def test_a_number_is_the_side_of_a_square_and_shrinking_keeps_the_light(self):
        made = EvaluationProtocol(resize=12).prepared(batch())
        assert made["ldr"].shape[-2:] == (12, 12)
        assert made["hdr"].mean().item() == pytest.approx(batch()["hdr"].mean().item(), rel=0.02)
        assert ((made["ldr"] >= 0) & (made["ldr"] <= 1)).all()

    def test_another_input_keeps_the_absolute_scale(self):
        given = batch()
        made = EvaluationProtocol(input_ev=0.8).prepared(given)
        assert made["ref"].tolist() == [2, 2]
        assert made["ev"].tolist() == [[-3.0, -1.0, 0.0]] * 2
        shown = made["ldr"][:, 2]
        torch.testing.assert_close(shown, made["hdr"].clamp(0, 1) ** (1 / 2.2))

    def test_another_input_of_scenes_without_radiance(self):
        given = batch()
        del given["hdr"]
        made = EvaluationProtocol(input_ev=0.8).prepared(given)
        assert made["ref"].tolist() == [2, 2]
        assert "hdr" not in made

    def test_ranks_have_their_reference_only(self):
        given = batch(ev=torch.tensor([[-torch.inf, 0.0, torch.inf]] * 2))
        assert EvaluationProtocol(input_ev=1.0).prepared(given)["ref"].tolist() == [1, 1]


class TestHDR:
    def test_luminance_follows_the_alignment(self):
        metric, (radiance, truth) = Seen(), pair()
        protocol = EvaluationProtocol(align=align_mean, luminance=80.0, luminance_metrics={"seen": metric})
        aligned, wanted, told = protocol.judge_hdr(["a", "b"], radiance, truth)
        torch.testing.assert_close(metric.image, 80 * aligned)
        torch.testing.assert_close(metric.target, 80 * truth)
        torch.testing.assert_close(aligned.mean((1, 2, 3)), wanted.mean((1, 2, 3)))
        assert told.maps["seen_map"].shape == (2, 1, 24, 24)

    def test_an_alignment_may_move_the_truth(self):
        metric, (radiance, truth) = Seen(), pair()
        EvaluationProtocol(align=align_percentiles, luminance_metrics={"seen": metric}).judge_hdr(
            ["a", "b"], radiance, truth
        )
        assert metric.target.flatten(1).kthvalue(2, 1).values.tolist() == pytest.approx([1.0, 1.0], abs=0.1)

    def test_names(self):
        protocol = EvaluationProtocol(
            tone_mappers={"photo": reinhard2002, "off": None},
            display_metrics={"psnr": PSNR(), "rough": PSNR(data_range=2.0), "gone": None},
            radiance_metrics={"psnr_mu": PSNRMu(), "psnr_mu_500": PSNRMu(mu=500.0)},
            luminance_metrics={"seen": Seen()},
            stack_metrics={"l1": L1()},
        )
        directions = {
            "seen": False,
            "unseen": True,
            "psnr_mu": True,
            "psnr_mu_500": True,
            "photo_psnr": True,
            "photo_rough": True,
            "l1": False,
        }
        assert protocol.directions() == directions
        found = {s["metric"]: s["value"] for s in protocol.judge_hdr(["a"], *pair(1))[2].scores}
        assert found.keys() == directions.keys() - {"l1"}
        assert found["photo_rough"] == pytest.approx(found["photo_psnr"] + 6.0206, abs=1e-3)
        assert found["psnr_mu"] != found["psnr_mu_500"]

    def test_batches_are_scenes_by_themselves(self):
        protocol, (radiance, truth) = load_protocol("hdrgen"), pair(size=32)
        together = protocol.judge_hdr(["a", "b"], radiance, truth)[2].scores
        alone = [s for i in (0, 1) for s in protocol.judge_hdr(["ab"[i]], radiance[i, None], truth[i, None])[2].scores]
        expected = {(s["scene"], s["metric"]): s["value"] for s in alone}
        for score in together:
            assert score["value"] == pytest.approx(expected[score["scene"], score["metric"]], rel=1e-3, abs=1e-3)

    def test_the_tone_curve_and_the_clipped_pixels_apart(self):
        """Squared errors of both parts add up to that of the whole; a curve alone is no error once it is fitted."""
        metrics = {"psnr_mu": PSNRMu()}
        protocol = EvaluationProtocol(radiance_metrics=metrics, crf_correction=True, clipped_apart=["psnr_mu"])
        truth = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 4 + 0.01
        source = truth.clamp(max=1) * torch.tensor([1.0, 0.1]).view(2, 1, 1, 1)  # nothing is clipped in the second
        _, _, told = protocol.judge_hdr(["a", "b"], truth.clamp(max=1.5) ** 1.1, truth, source=source)
        found = {(s["scene"], s["metric"]): s["value"] for s in told.scores}
        assert found.keys() == {
            *((scene, name) for scene in "ab" for name in ("psnr_mu", "psnr_mu_crf", "psnr_mu_unclipped")),
            ("a", "psnr_mu_clipped"),
        }
        assert {name for _, name in found} == protocol.directions().keys()
        errors = {name: 10 ** (-found["a", f"psnr_mu{name}"] / 10) for name in ("", "_clipped", "_unclipped")}
        assert errors["_clipped"] + errors["_unclipped"] == pytest.approx(errors[""], rel=1e-3)
        assert found["b", "psnr_mu_unclipped"] == found["b", "psnr_mu"]
        grey = truth[:1, :1].expand(1, 3, -1, -1)
        _, _, curved = protocol.judge_hdr(["a"], grey**1.3, grey)
        before, after = (s["value"] for s in curved.scores)
        assert after > before + 15

    def test_half_precision_networks_are_measured_in_float32(self):
        radiance, truth = pair()
        with torch.autocast("cpu", torch.bfloat16):
            half = load_protocol("quick").judge_hdr(["a", "b"], radiance.bfloat16(), truth)[2]
        full = load_protocol("quick").judge_hdr(["a", "b"], radiance.bfloat16().float(), truth)[2]
        assert [s["value"] for s in half.scores] == pytest.approx([s["value"] for s in full.scores])


class TestBadImages:
    @pytest.mark.parametrize(
        ("spoil", "told"),
        [
            (lambda radiance, truth: radiance[1, 0, 0].fill_(torch.nan), "b: expected finite values in the result"),
            (lambda radiance, truth: truth[0].fill_(torch.inf), "a: expected finite values in the truth"),
            (lambda radiance, truth: truth[1].fill_(0), "b: expected a truth with some light"),
        ],
    )
    def test_the_scene_is_named(self, spoil, told):
        radiance, truth = pair()
        spoil(radiance, truth)
        with pytest.raises(InputError, match=f"^{told}"):
            load_protocol("quick").judge_hdr(["a", "b"], radiance, truth)
        load_protocol("quick").judge_hdr(["a", "b"], radiance, truth, checked=False)

    def test_the_exposure_is_named(self):
        stack = torch.rand(2, 2, 3, 16, 16)
        stack[1, 0, 0, 0, 0] = torch.nan
        with pytest.raises(InputError, match=r"^b at EV -1: expected finite"):
            load_protocol("quick").judge_stack(
                ["a", "b"], stack, torch.rand_like(stack), torch.tensor([[-1.0, 1.0]] * 2)
            )

    def test_too_small_for_a_metric(self):
        with pytest.raises(InputError, match=r"^tiny: SSIM needs images"):
            load_protocol("quick").judge_hdr(["tiny"], *pair(1, size=8))


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            (
                {"radiance_metrics": {"psnr": PSNR()}},
                "radiance_metrics take radiance values, psnr takes display values",
            ),
            ({"luminance_metrics": {"x": PSNRL()}}, "x takes radiance values"),
            ({"resize": 0}, "at least 1 pixel, found resize 0"),
            ({"luminance": 0.0}, "expected a positive luminance"),
            ({"luminance": float("nan")}, "expected a positive luminance"),
            ({"stack_ev": [1.0, 1.0]}, "two different exposures"),
            ({"headline": "psnr"}, "expected a headline among , found psnr"),
            (
                {"radiance_metrics": {"psnr": PSNRL()}, "stack_metrics": {"psnr": PSNR()}},
                "two of its numbers are called psnr",
            ),
        ],
    )
    def test_what_cannot_be(self, settings, told):
        with pytest.raises(InputError, match=f"protocol mine: .*{told}"):
            EvaluationProtocol(name="mine", **settings)

    def test_a_headline_may_be_switched_off(self):
        EvaluationProtocol(headline="psnr_mu", radiance_metrics={"psnr_mu": None})

    def test_what_is_not_asked_for_leaves_a_record_as_it_was(self):
        assert {"crf_correction", "clipped_apart"}.isdisjoint(load_protocol("le2023").settings())
        with pytest.raises(InputError, match="protocol mine: expected clipped_apart among psnr_mu, found psnr"):
            EvaluationProtocol(name="mine", radiance_metrics={"psnr_mu": PSNRMu()}, clipped_apart=["psnr"])

    def test_everything_is_told(self):
        found = load_protocol("hdrgen").settings()
        assert json.loads(json.dumps(found)) == found
        assert found["luminance_metrics"]["hdr_vdp2_q"]["ppd"] == 30.0
        assert found["luminance_metrics"]["hdr_vdp2_q"]["encoding"] == "rgb-bt.709"
        assert found["tone_mappers"]["drago2003"]["class"] == "Drago2003"
        assert found["align"].endswith("align_median")


class TestPackaged:
    def test_one_for_each_paper_and_ours(self):
        assert configs.protocol_names() == sorted([*PAPERS, "hdrgen", "quick"])

    @pytest.mark.parametrize("name", configs.protocol_names())
    def test_it_states_every_setting_and_begins_with_a_title(self, name):
        protocol = load_protocol(name)
        text = configs.protocol_path(name).read_text()
        assert text.startswith("# ")
        assert protocol.name == name
        assert [key for key in protocol.settings() if f"\n{key}:" not in text] == []
        assert protocol.headline in protocol.directions()

    def test_a_blank_one_is_the_class_s_own(self):
        blank = load_protocol(str(configs.path_of(configs.PROTOCOL)))
        assert blank.settings() == EvaluationProtocol().settings()

    @pytest.mark.parametrize("name", PAPERS)
    def test_equal_images_score_highest(self, name):
        truth = pair(1, size=40)[1]
        protocol = load_protocol(name)
        found = {s["metric"]: s["value"] for s in protocol.judge_hdr(["a"], truth, truth)[2].scores}
        assert found.keys() == protocol.directions().keys() - protocol.stack_metrics.keys()
        best = {"psnr": 100.0, "ssim": 1.0, "_q": 100.0, "_det": 0.0, "_max": 0.0}
        for metric, value in found.items():
            for part, expected in best.items():
                if part in metric and "mos" not in metric:
                    assert value == pytest.approx(expected, abs=1e-4), metric

    def test_unknown(self, tmp_path):
        with pytest.raises(InputError, match=r"no protocol 'le2032' .packaged: cevr2023, hdrgan2021"):
            load_protocol("le2032")
        (tmp_path / "mine.yaml").write_text("resize: three\n")
        with pytest.raises(InputError, match=r"expected a protocol in .*mine.yaml, found: .*resize"):
            load_protocol(str(tmp_path / "mine.yaml"))


def test_pu21_and_ssim_take_their_arguments_from_yaml(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "luminance_metrics:\n  pu21_psnr:\n    class_path: hdrgen.metrics.PU21PSNR\n"
        "    init_args: {encoding: peaks}\nstack_metrics:\n  ssim: hdrgen.metrics.SSIM\n"
    )
    protocol = load_protocol(str(tmp_path / "mine.yaml"))
    metric = protocol.luminance_metrics["pu21_psnr"]
    assert isinstance(metric, PU21PSNR)
    assert metric.encoding == "peaks"
    assert isinstance(protocol.stack_metrics["ssim"], SSIM)
