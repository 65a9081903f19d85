"""A file is read once, whole or not at all, and says in one line why not."""

import errno
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import files
from pipeline.errors import TransshipError, UsageError
from pipeline.files import sha256_of
from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps import ingest as step
from pipeline.steps.ingest import ingest
from tests.conftest import PROJECT
from tests.ingest.conftest import HEADER, NOW, TANKER, Lake, danish

NAME = "aisdk-2026-04-26.csv"


def test_again_changes_nothing(lake: Lake) -> None:
    path = lake.write(NAME, danish(TANKER))
    assert lake.read(path).files_read == 1
    before = {name: (lake.home.root / name).stat().st_mtime_ns for name in lake.stored()}
    copy = lake.write("copy of it.csv", path.read_bytes())
    again = lake.read(path, copy)
    assert (again.files_read, again.files_skipped, again.n_rows, again.failures) == (0, 2, 0, [])
    assert {name: (lake.home.root / name).stat().st_mtime_ns for name in lake.stored()} == before


def test_a_known_file_is_not_even_hashed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lake.write(NAME, danish(TANKER))
    lake.read(path)

    def fail(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(step, "sha256_of", fail)
    assert lake.read(path).files_skipped == 1


def test_a_file_that_changed_is_another_file(lake: Lake) -> None:
    lake.read(lake.write(NAME, danish(TANKER)))
    lake.read(lake.write(NAME, danish(TANKER, {**TANKER, "MMSI": 219000606})))
    assert len(lake.manifests()) == 2


def test_what_lies_in_raw(lake: Lake) -> None:
    folder = lake.home.raw / "dma"
    folder.mkdir()
    (folder / NAME).write_text(danish(TANKER), encoding="utf-8")
    (folder / f"{NAME}.sha256").write_text("0" * 64, encoding="ascii")
    (folder / f"{NAME}.json").write_text(
        json.dumps({"url": "http://aisdata.ais.dk/x.zip", "fetched_at": "2026-04-29 03:00:00"}),
        encoding="utf-8",
    )
    (folder / ".part.tmp").write_text("unfinished", encoding="ascii")
    assert lake.read().files_read == 1
    manifest = lake.manifest()
    assert manifest["url"] == "http://aisdata.ais.dk/x.zip"
    assert manifest["fetched_at"] == "2026-04-29 03:00:00"
    assert lake.read().files_skipped == 1


def test_every_lake_file_has_its_checksum(lake: Lake) -> None:
    lake.read(lake.write(NAME, danish(TANKER)))
    parts = sorted(lake.home.lake.rglob("*.parquet"))
    assert len(parts) == 2
    for part in parts:
        assert part.with_name(part.name + ".sha256").read_text().split() == [sha256_of(part)]


def truncated_zip(lake: Lake) -> Path:
    whole = lake.folder / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, danish(*({**TANKER, "MMSI": 219000000 + n} for n in range(1000))))
    return lake.write("cut.zip", whole.read_bytes()[:-200])


def damaged_zip(lake: Lake) -> Path:
    whole = lake.folder / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, danish(*({**TANKER, "MMSI": 219000000 + n} for n in range(1000))))
    content = bytearray(whole.read_bytes())
    content[len(content) // 2] ^= 0xFF
    return lake.write("damaged.zip", bytes(content))


def zip_of_nothing(lake: Lake) -> Path:
    path = lake.folder / "nothing.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no data")
    return path


def truncated_gzip(lake: Lake) -> Path:
    return lake.write(f"{NAME}.gz", gzip.compress(danish(*[TANKER] * 5000).encode())[:-40])


BAD_FILES = {
    "truncated zip": (truncated_zip, "damaged or cut short"),
    "damaged zip": (damaged_zip, "damaged or cut short"),
    "zip of nothing": (zip_of_nothing, "holds no table"),
    "truncated gzip": (truncated_gzip, "GZIP"),
    "empty": (lambda lake: lake.write(NAME, ""), "the file is empty"),
    "header alone": (lambda lake: lake.write(NAME, HEADER + "\n"), "nothing of its 0 rows"),
    "blank line alone": (lambda lake: lake.write(NAME, "\n"), "the file is empty"),
    "column missing": (
        lambda lake: lake.write(NAME, danish(TANKER).replace("Destination", "Where", 1)),
        "column Destination missing",
    ),
    "another source": (
        lambda lake: lake.write(NAME, "MMSI,BaseDateTime,LAT,LON\n1,2,3,4\n"),
        "not a Danish AIS day",
    ),
    "the future": (
        lambda lake: lake.write(
            "aisdk-2099-01-01.csv", danish({**TANKER, "Timestamp": "01/01/2099 00:00:00"})
        ),
        "1 future",
    ),
    "another day": (lambda lake: lake.write("aisdk-2025-01-01.csv", danish(TANKER)), "1 outside_day"),
    "binary": (lambda lake: lake.write(NAME, bytes(range(256)) * 100), "cannot be read"),
    "absent": (lambda lake: lake.folder / "absent.csv", "No such file"),
    "folder": (lambda lake: lake.folder, "a folder, not a file"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_file_is_one_line_and_leaves_nothing(lake: Lake, what: str) -> None:
    make, expected = BAD_FILES[what]
    path = make(lake)
    result = lake.read(path)
    assert len(result.failures) == 1
    (line,) = result.failures[0].splitlines()
    assert str(path) in line
    assert expected in line
    assert lake.stored() == []


def test_the_good_files_are_stored_all_the_same(lake: Lake) -> None:
    good = [lake.write(f"{name}-2026-04-26.csv", danish({**TANKER, "Name": name})) for name in "AB"]
    result = lake.read(good[0], lake.write("bad.csv", "a,b\n"), good[1])
    assert (result.files_read, result.n_kept, len(result.failures)) == (2, 2, 1)


def test_wildcards_in_a_name_are_none(lake: Lake) -> None:
    lake.write("a1.csv", "not this one")
    assert lake.read(lake.write("a[1]*?.csv", danish(TANKER))).failures == []


def test_unknown_source_and_needless_mapping(lake: Lake) -> None:
    with pytest.raises(UsageError, match="unknown source 'dna'; there are: dma, marinecadastre, table"):
        lake.read(source="dna")
    with pytest.raises(UsageError, match="--map is for"):
        lake.read(mapping=lake.folder / "x.toml")
    with pytest.raises(UsageError, match="needs --map"):
        lake.read(source="table")


@pytest.mark.parametrize("n_writes", range(6))
def test_a_fault_while_storing_stores_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, n_writes: int
) -> None:
    """The disk is full at the first, second, ... file that is put into the lake (four and the manifest)."""
    path = lake.write(NAME, danish(TANKER))
    put, left = files.put_in_place, [n_writes]

    def full(temporary: Path, target: Path) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        put(temporary, target)

    monkeypatch.setattr(files, "put_in_place", full)
    result = lake.read(path)
    if n_writes == 5:
        assert result.failures == []
        return
    assert "the disk is full" in result.failures[0]
    assert lake.stored() == []
    monkeypatch.setattr(files, "put_in_place", put)
    assert lake.read(path).failures == []
    assert len(lake.rows()) == 1


READ = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline.home import Home
from pipeline.settings import load_settings
from pipeline.steps.ingest import ingest
home = Home(Path(sys.argv[1]))
print("go", flush=True)
ingest(home, load_settings(home.root), "dma", [Path(sys.argv[2])])
"""


def test_killed_at_any_moment(lake: Lake, new_lake: Callable[[], Lake]) -> None:
    """Ten runs killed later and later, then one that is not: the lake is as if nothing had happened."""
    rows = [
        {
            **TANKER,
            "MMSI": 219000000 + n % 997,
            "Timestamp": f"26/04/2026 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}",
        }
        for n in range(60_000)
    ]
    path = lake.write(NAME, danish(*rows))
    n_killed = 0
    for moment in range(10):
        words = [sys.executable, "-c", READ, str(lake.home.root), str(path)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=PROJECT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.03 * moment)
            process.kill()
        n_killed += process.returncode == -signal.SIGKILL
    assert n_killed > 3
    assert lake.read(path).failures == []
    fresh = new_lake()
    fresh.read(path)
    assert lake.stored() == fresh.stored()
    assert lake.rows() == fresh.rows()
    assert list(lake.home.work.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(small_disk: Path, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "scenario.csv"
    rows = [
        {**TANKER, "MMSI": 219000000 + n, "Latitude": f"55.{n * 7919 % 1000000:06}"} for n in range(60_000)
    ]
    path.write_text(danish(*rows), encoding="utf-8")
    home = Home(small_disk / "home")
    result = ingest(home, settings, "dma", [path], clock=lambda: NOW)
    (line,) = result.failures
    assert (
        line == f"cannot write {home.root}: the disk is full; free some space and run the same command again"
    )
    assert [left for left in home.root.rglob("*") if left.is_file()] == []


def test_a_home_below_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(TransshipError, match="a part of this path is a file"):
        ingest(Home(tmp_path / "file" / "home"), settings, "dma", [])
