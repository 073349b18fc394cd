"""Writing a data set into shards: in parallel, by several machines, and on from where an interrupted command was."""

import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch.utils.data import Dataset

from hdrgen.data.collation import StackLoader
from hdrgen.data.dataset import SelectedExposures, StackDataset
from hdrgen.data.selection import WholeStackByRank
from hdrgen.data.shards.bounds import check_names
from hdrgen.data.shards.manifest import (
    MANIFEST,
    PLAN,
    Plan,
    Row,
    Shard,
    as_json,
    list_name,
    plan_in,
    shard_in,
    shard_name,
    write_manifest,
)
from hdrgen.data.shards.members import END, Radiance, fragment_of
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError
from hdrgen.provenance import provenance
from hdrgen.version import __version__

MIB = 2**20
KEY = "{:09d}"
"""Of the files of a sample, by its number."""


@dataclass(frozen=True)
class Packing:
    """How a data set is packed.

    Attributes:
        seed: Of what is drawn for a scene: views, responses, exposures.
        passes: Epochs of training to pack: how often each scene is drawn.
        shard_mib: Size of a shard, about: the first sample says how many fill it.
        radiance: Truth as float16, or as it is; `hdrgen.data.shards.members.fragment_of` says what float16 loses.
        jobs: Processes that make samples; 0 makes them in this one.
        share: Number of this machine, from 1, and how many there are: it packs that part of the shards.
        terms: Under which terms the data may be used, for the manifest.
        command: That packs them, for the manifest.
    """

    seed: int = 0
    passes: int = 1
    shard_mib: float = 64.0
    radiance: Radiance = "half"
    jobs: int = 0
    share: tuple[int, int] = (1, 1)
    terms: str | None = None
    command: str | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, least in {"passes": 1, "jobs": 0}.items():
            if getattr(self, name) < least:
                raise InputError(f"expected {name} of at least {least}, found {getattr(self, name)}", name)
        if not self.shard_mib > 0:
            raise InputError(
                f"expected shards of more than 0 MiB, found {self.shard_mib}; pass shard_mib=64", "shard_mib"
            )
        if not 1 <= self.share[0] <= self.share[1]:
            raise InputError(
                f"expected the number of a machine between 1 and their count, found {self.share[0]}/{self.share[1]}",
                "share",
            )


class Packed(NamedTuple):
    """What is there: shards of those that the plan has, and samples in these; all of them, and it can be trained on."""

    shards: int
    planned: int
    samples: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do, for any machine."""
        return self.shards == self.planned


def pack(
    dataset: StackDataset,
    destination: str,
    data: Mapping[str, Any],
    packing: Packing | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Packed:
    """Write a data set into shards: tar files in WebDataset's format, a list of each, an index and a manifest.

    Shards that are there are kept, so that an interrupted command goes on by being given again. The machine that finds
    all shards written writes index and manifest.

    Args:
        dataset: Any.
        destination: A folder, or an address such as `s3://bucket/folder`.
        data: Class and arguments of the data set, as plain values: who goes on must pack the same.
        packing: How; None: as its defaults are.
        progress: Told a line for each shard.

    Returns:
        What is there now.

    Raises:
        InputError: Two scenes of one name, which is found first; one that cannot be read; another data set at the
            destination, or a place that cannot be written.
    """
    packing, storage = packing or Packing(), Storage(destination)
    check_names(*([of(index) for index in range(len(dataset))] for of in (dataset.scene, dataset.group)))
    source = _Fragments(dataset, packing)
    plan = _agreed(storage, source, data)
    number, count = packing.share
    sizes = storage.sizes()
    todo = [each for each in range(number - 1, plan.shards, count) if not _is_there(storage, shard_name(each), sizes)]
    keys = [key for each in todo for key in plan.of_shard(each)]
    made = _made(source, keys)
    for each in todo:
        progress(_write(storage, shard_name(each), itertools.islice(made, len(plan.of_shard(each)))))
    sizes = storage.sizes()
    there = [each for each in range(plan.shards) if list_name(shard_name(each)) in sizes]
    if len(there) == plan.shards and (todo or MANIFEST not in sizes):
        shards = [shard_in(storage, shard_name(each)) for each in there]
        write_manifest(storage, plan, shards, _about(dataset, packing))
    return Packed(len(there), plan.shards, sum(len(plan.of_shard(each)) for each in there))


class _Fragments(Dataset[tuple[bytes, Row]]):
    """Samples as parts of an archive, with their rows; what worker processes make."""

    def __init__(self, dataset: StackDataset, packing: Packing) -> None:
        self.dataset, self.packing = dataset, packing
        self.samples = SelectedExposures(dataset, WholeStackByRank(), packing.seed, train=True)

    def __len__(self) -> int:
        return len(self.dataset) * self.packing.passes

    def __getitem__(self, number: int) -> tuple[bytes, Row]:
        turn, index = divmod(number, len(self.dataset))
        sample = self.samples[turn, index]
        if self.packing.passes > 1:
            sample["scene"] = f"{sample['scene']}_pass{turn}"
        fragment = fragment_of(sample, KEY.format(number), self.packing.radiance)
        group, ev = self.dataset.group(index), sample["ev"].tolist()
        return fragment, Row(sample["scene"], group, ev, int(sample["ref"]), 0, len(fragment))


def _made(source: _Fragments, keys: Sequence[int]) -> Iterator[Any]:
    """Samples as parts of an archive, in this order."""
    if not keys:
        return iter(())
    workers = min(source.packing.jobs, len(keys))
    data: Any = source  # of fragments in place of samples
    return iter(StackLoader(data, batch_size=None, sampler=keys, num_workers=workers, collate_fn=_same))


def _agreed(storage: Storage, source: _Fragments, data: Mapping[str, Any]) -> Plan:
    """The plan at the destination, written if there is none.

    Raises:
        InputError: It is of another data set or packing.
    """
    packing = source.packing
    fixed = {
        "data": json.loads(json.dumps(data)),  # as it will be read
        "seed": packing.seed,
        "passes": packing.passes,
        "radiance": packing.radiance,
        "shard_mib": float(packing.shard_mib),
        "samples": len(source),
        "hdrgen": __version__,
    }
    there = plan_in(storage)
    if there is not None:
        different = [key for key, value in fixed.items() if getattr(there, key) != value]
        if different:
            raise InputError(
                f"{storage}: expected the plan of this command, found another in {PLAN} ({', '.join(different)});"
                " name another destination, or give the command that began it"
            )
        return there
    first, _ = source[0]
    plan = Plan(**fixed, per_shard=max(1, int(packing.shard_mib * MIB) // len(first)))
    storage.write(PLAN, as_json(plan))
    return plan


def _is_there(storage: Storage, name: str, sizes: Mapping[str, int]) -> bool:
    """Whether a shard is written, with its list, and has its size."""
    return list_name(name) in sizes and sizes.get(name) == shard_in(storage, name).bytes


def _write(storage: Storage, name: str, samples: Iterator[tuple[bytes, Row]]) -> str:
    """Write a shard and its list; returns a line about it."""
    began, digest, rows, offset = time.monotonic(), hashlib.sha256(), list[Row](), 0
    with storage.writing(name) as temporary, temporary.open("wb") as stream:
        for fragment, row in samples:
            rows.append(row._replace(offset=offset))
            stream.write(fragment)
            digest.update(fragment)
            offset += len(fragment)
        stream.write(END)
        digest.update(END)
    shard = Shard(name, offset + len(END), digest.hexdigest(), rows)
    storage.write(shard.list_name, as_json(shard))
    rate = len(rows) / max(time.monotonic() - began, 1e-9)
    return f"{name}: {len(rows)} samples, {shard.bytes / MIB:.1f} MiB, {rate:.3g} samples/s"


def _about(dataset: StackDataset, packing: Packing) -> dict[str, Any]:
    """What the manifest says beside plan and shards."""
    camera = getattr(dataset, "camera", None) or getattr(getattr(dataset, "stacks", None), "camera", None)
    return {
        "camera": "of the photographs" if camera is None else repr(camera),
        "terms": packing.terms,
        "command": packing.command,
        "software": provenance(),
    }


def _same(item: Any) -> Any:
    return item
