"""Whether shards are as they were packed."""

import hashlib
import json
from typing import Any

from hdrgen.data.shards.manifest import Index, Manifest, read_index, read_manifest
from hdrgen.data.shards.members import FACTS, files_in
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError


def check_packed(address: str) -> Manifest:
    """Read all shards, and compare hashes, sizes, and every sample's place and name with the manifest and index.

    Args:
        address: Of the packed stacks.

    Returns:
        Their manifest.

    Raises:
        InputError: They are not all there yet, or damaged; every such shard is named.
    """
    storage = Storage(address)
    manifest = read_manifest(storage)
    index = read_index(storage, manifest)
    faults = [fault for number in range(len(manifest.shards)) if (fault := _fault(storage, manifest, index, number))]
    if len(index) != manifest.plan.samples or len(manifest.shards) != manifest.plan.shards:
        faults.append(
            f"{len(index)} samples in {len(manifest.shards)} shards, where {manifest.plan.samples} were planned"
        )
    if faults:
        raise InputError(
            f"{address}: {'; '.join(faults)}; remove these .tar files, and give the command that packed them again"
        )
    return manifest


def _fault(storage: Storage, manifest: Manifest, index: Index, number: int) -> str | None:
    """What is wrong with a shard, if anything is."""
    shard = manifest.shards[number]
    content = storage.read(shard["name"])
    if content is None:
        return f"{shard['name']} is missing"
    if len(content) != shard["bytes"] or hashlib.sha256(content).hexdigest() != shard["sha256"]:
        return f"{shard['name']} is damaged ({len(content)} bytes of {shard['bytes']})"
    rows = (index.shard == number).nonzero()[0]
    wrong = [int(row) for row in rows if not _is_at(content, index, row)]
    if wrong or len(rows) != shard["samples"]:
        return f"{shard['name']} holds other samples than the index says"
    return None


def _is_at(content: bytes, index: Index, row: Any) -> bool:
    """Whether a sample is where the index says."""
    begin = int(index.offset[row])
    try:
        facts = json.loads(bytes(files_in(content[begin : begin + int(index.size[row])])[FACTS]))
        return bool(facts["scene"].encode() == bytes(index.scene[row]))
    except (InputError, LookupError, ValueError):
        return False
