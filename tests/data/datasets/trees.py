"""Tiny data sets in the published layouts, drawn and written with our own generator and writers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hdrgen.camera import Gamma
from hdrgen.data import ProceduralScenes, StackCamera
from hdrgen.io import Exposure, write_image
from tests.dng import write_dng

SIDE = 32
WHOLE = tuple(float(ev) for ev in range(-3, 4))
NINE = (-2.7, -2.0, -1.3, -0.7, 0.0, 0.7, 1.3, 2.0, 2.7)
THREE = (-2.0, 0.0, 2.0)


def scene(index, evs, size=SIDE, gamma=2.2):
    """The sample of an invented scene: exposures without quantisation, radiance on the absolute scale."""
    camera = StackCamera(evs=evs, curves=[Gamma(gamma)], bits=None, jitter=0)
    return ProceduralScenes(index + 1, size, camera=camera)[index]


def pixels(image):
    """(H, W, 3) array of a (3, H, W) tensor."""
    return np.ascontiguousarray(image.permute(1, 2, 0).numpy())


def frames(sample):
    """(H, W, 3) arrays, dark to bright."""
    return [pixels(image) for image in sample["ldr"]]


def vds(root: Path, split="train", older=False, count=2, size=SIDE):
    """Both variants of VDS' layout."""
    exposures, truth = (f"{split}/set", f"{split}/hdr_set") if older else (f"{split}_set", f"{split}_hdr_set")
    for index in range(count):
        name, sample = f"t{9 + index}", scene(index, WHOLE, size)
        for ev, image in zip(WHOLE, frames(sample), strict=True):
            write_image(root / exposures / name / f"{name}_{ev:g}EV_true.jpg.png", image, bits=8)
        write_image(root / truth / name / "target_hdr.hdr", pixels(sample["hdr"]))
    return root


def hdreye(root: Path, count=2, size=SIDE, names=("DSC", ".JPG"), shrink=1):
    """HDR-Eye, whose brackets may be larger than its HDR images by the factor `shrink`."""
    images, (prefix, suffix) = root / "images", names
    for index in range(count):
        name, sample = f"C{index + 1:02d}", scene(index, NINE, size)
        small = sample["hdr"][:, ::shrink, ::shrink]
        for number, (ev, image) in enumerate(zip(NINE, frames(sample), strict=True)):
            exposure = Exposure(time=2.0 ** (ev - 6), fnumber=8.0, iso=100)
            path = images / "Bracketed_images" / name / f"{prefix}{number:05d}{suffix}"
            write_image(path.with_suffix(".jpg"), image, exposure=exposure).rename(path)
        write_image(images / "HDR" / f"{name}_HDR.hdr", pixels(small))
        write_image(images / "LDR" / f"{name}_LDR.tif", pixels(sample["ldr"][4][:, ::shrink, ::shrink]), bits=8)
    return root


def kalantari(root: Path, split="Training", count=2, names=("scene_a", "scene_b"), size=SIDE):
    """The authors' packaging."""
    for index in range(count):
        sample, folder = scene(index, THREE, size), root / split / names[index]
        # The names of the frames say nothing but their order.
        for number, image in zip((8, 9, 10), frames(sample), strict=True):
            write_image(folder / f"262A08{number:02d}.tif", image, bits=16)
        (folder / "exposure.txt").write_text("0.0\n2.0\n4.0\n")
        write_image(folder / "HDRImg.hdr", pixels(sample["hdr"] / 4))
    return root


def deephdr(root: Path, split="train", count=2, names=("scene_a", "scene_b"), size=SIDE):
    """DeepHDR's packaging of the same; the static frames are mirrored, which tells them apart."""
    for index in range(count):
        sample, folder = scene(index, THREE, size), root / split / names[index]
        for number, image in enumerate(frames(sample), 1):
            write_image(folder / f"input_{number}.tif", image, bits=16)
            write_image(folder / f"ref_{number}.tif", image[:, ::-1], bits=16)
        for name in ("input", "ref"):
            (folder / f"{name}_exp.txt").write_text("0 2 4")
        write_image(folder / "ref_hdr.hdr", pixels(sample["hdr"] / 4))
    return root


def bracket(folder: Path, index=0, evs=(-4.0, -2.0, 0.0, 2.0, 4.0), suffix=".tif"):
    """Moving scenes as Sen and Tursun have them: 16-bit frames, a list, no truth."""
    for number, image in enumerate(frames(scene(index, evs)), 1):
        write_image(folder / f"Img{number}{suffix}", image, bits=16)
    (folder / "exposure.txt").write_text("\n".join(map(str, evs)))


def ntire(root: Path, flat=False, numbered=False, ratio=16000.0, count=2):
    """The two layouts of NTIRE 2021: one folder for each scene, or one for all."""
    for index in range(count):
        sample = scene(index, THREE, gamma=2.24)
        prefix = f"{index:04d}_" if flat else f"{index:06d}/"
        for number, (name, image) in enumerate(zip(("short", "medium", "long"), frames(sample), strict=True)):
            write_image(root / f"{prefix}{number if numbered else name}.png", image, bits=8)
        levels = np.minimum(np.round(pixels(sample["hdr"]) ** (1 / 2.24) * ratio), 65535).astype(np.uint16)
        write_image(root / f"{prefix}gt.png", levels, bits=16)
        np.save(root / f"{prefix}exposures.npy", np.array([-3, -1, 1]))
        np.save(root / f"{prefix}alignratio.npy", np.array(ratio))
    return root


def fairchild(root: Path, border=2, count=1, size=128):
    """RAW brackets of five frames, the last exposure twice, and an EXR without the border that RAW files have."""
    for index in range(count):
        name = f"Scene{index}"
        folder = root / "HDRPS Raws" / f"Scene {index}"
        folder.mkdir(parents=True)
        radiance = pixels(scene(index, (0.0,), size)["hdr"])
        for number, time in enumerate([(1, 80), (1, 40), (1, 20), (1, 10), (1, 5), (1, 5)]):
            light = radiance * (time[0] / time[1]) * 20 * (0.5, 1.0, 0.8)
            write_dng(folder / f"DSC_{number:04d}.NEF", np.minimum(light, 1), time=time)
        edge = border // 2
        write_image(root / "EXRs" / f"{name}.exr", radiance[edge : size - edge, edge : size - edge])
    return root


def raise_(root: Path, count=2):
    """RAW photographs that clip."""
    root.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        radiance = pixels(scene(index, (0.0,), 48)["hdr"])
        write_dng(root / f"r00{index}t.NEF", np.minimum(radiance * (0.5, 1.0, 0.8), 1))
    return root


def same_radiance(found, written):
    """Equal as far as a Radiance file can hold it: 8 bits of the largest channel of a pixel."""
    return bool(((found - written).abs() <= written.amax(0) / 128).all())
