"""`hdrgen pack` and what it is for."""

import json
from pathlib import Path

import pytest

from hdrgen.cli.main import main
from hdrgen.data import PackedStacks, ProceduralScenes

SCENES = ["ProceduralScenes", "--data.train.count=4", "--data.train.size=16"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_data_set_is_packed_checked_and_trained_on(capsys):
    assert main(["pack", *SCENES, "-o", "packed", "--jobs=0", "--shard-mib=0.05", "--terms=ours"]) == 0
    out = capsys.readouterr().out
    assert "packed: 4 samples in 2 of 2 shards" in out
    assert out.splitlines()[-1] == "  hdrgen fit --data.train PackedStacks --data.train.root packed"
    manifest = json.loads(Path("packed/manifest.json").read_text())
    assert manifest["command"].startswith("hdrgen pack ProceduralScenes --data.train.count=4")
    assert manifest["plan"]["data"]["init_args"]["size"] == 16
    assert PackedStacks("packed").scene(3) == ProceduralScenes(4, 16).scene(3)
    assert main(["pack", "--check", "packed"]) == 0
    assert capsys.readouterr().out == "packed: 4 samples in 2 shards are as they were packed\n"
    fit = ["fit", "--model=tests.toys.ToyMethod", "--data.train=PackedStacks", "--data.train.root=packed"]
    fit += ["--data.train.scenes=[0,0.5]", "--data.val=PackedStacks", "--data.val.root=packed"]
    fit += ["--data.val.scenes=[0.5,1]", "--data.batch_size=2", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    assert main(fit) == 0


def test_the_scenes_of_a_configuration_are_packed_and_machines_share_them(capsys):
    Path("mine.yaml").write_text("data:\n  val: {class_path: ProceduralScenes, init_args: {count: 4, size: 16}}\n")
    for machine in ("1/2", "2/2"):
        more = ["--part=val", "--shard", machine, "--jobs=0", "--shard-mib=0.05", "-o", "packed"]
        assert main(["pack", "--config=mine.yaml", *more]) == 0
    assert "1 of 2 shards" in (out := capsys.readouterr().out)
    assert "2 of 2 shards" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check", "."], ".: expected packed stacks (manifest.json in it), found none; check the address"),
        (["--check", ".", "more"], "--check takes a destination alone, found more as well"),
        (SCENES, "expected a destination, found none; pass -o FOLDER, or -o s3://bucket/name"),
        (["-o", "packed"], "expected scenes, found none; name a data set, such as ProceduralScenes"),
        (
            [*SCENES, "-o", "p", "--shard", "3/2"],
            "expected the number of a machine between 1 and their count, found 3/2",
        ),
        ([*SCENES, "-o", "p", "--shard", "2"], "--shard: expected a machine of how many, such as 1/4, found 2"),
        ([*SCENES, "-o", "p", "--passes", "0"], "expected passes of at least 1, found 0"),
        ([*SCENES, "-o", "ftp://host/x"], "ftp://host/x: expected a folder or an address that begins with s3://"),
        ([*SCENES, "-o", "s3:/bucket/x"], "s3:/bucket/x: expected a folder or an address that begins with s3://"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(capsys, arguments, message):
    assert main(["pack", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not Path("p").exists()
