"""Full disks and damaged files under a sweep: one line, the right exit code, and nothing that was done is lost."""
import hashlib
import json
import re
import subprocess

import pytest

import data_tool as tool
from test_sweep import GRID, RUN, SAMPLERS, store, sweep  # noqa: F401


def test_a_full_disk_loses_nothing(store, tmp_path):
    """[SWP-01.4] [T-412] The file stops at a whole row, the line says what to do, and --resume ends in the same bytes."""
    whole = sweep(store, tmp_path / "a", *SAMPLERS["random"])
    words = " ".join(f"'{w}'" for w in map(str, (tool.program(), "sweep", "run", "--store", store, "--sweeps", tmp_path / "b",
                                                 "--ledger", tmp_path / "ledger2", *RUN, *SAMPLERS["random"])))
    limited = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f 64; {words}"], capture_output=True, text=True)
    assert limited.returncode == 1 and "cannot write" in limited.stderr and "--resume" in limited.stderr, limited.stderr
    path = tmp_path / "b" / whole["sweep_id"] / "trials.jsonl"
    reference = open(whole["trials_file"], "rb").read()
    assert reference.startswith(path.read_bytes()) and path.stat().st_size < len(reference)
    again = tool.keel_json("sweep", "run", "--store", store, "--sweeps", tmp_path / "b", "--ledger", tmp_path / "ledger2",
                           *RUN, *SAMPLERS["random"], "--resume")
    assert path.read_bytes() == reference and again["best"] == whole["best"]


BAD_FILES = {
    "another header": (lambda lines: [lines[0].replace(b"sharpe", b"calmar")] + lines[1:], "header"),
    "no row": (lambda lines: lines[:2] + [b"{"] + lines[3:], "not a row"),
    "another figure": (lambda lines: lines[:2] + [lines[2].replace(b'"trades":', b'"trades":1')] + lines[3:], "damaged"),
    "a row left out": (lambda lines: lines[:2] + [lines[3]] + lines[3:], "another trial"),
    "two rows swapped": (lambda lines: [lines[0], lines[2], lines[1]] + lines[3:], "another trial"),
    "one row more": (lambda lines: lines + [lines[-1]], "more rows than trials"),
    "two headers": (lambda lines: [lines[0]] + lines, "not a row"),
    "a blank line": (lambda lines: [lines[0], b""] + lines[1:], "not a row"),
    "a zero byte": (lambda lines: lines[:3] + [lines[3][:50] + b"\0" + lines[3][51:]] + lines[4:], "not a row"),
    "a bit": (lambda lines: lines[:3] + [lines[3][:900] + bytes([lines[3][900] ^ 1]) + lines[3][901:]] + lines[4:], ":4: "),
    "no text": (lambda lines: [lines[0], b"\xff\xfe" * 999], "not a row"),
    "other line ends": (lambda lines: [line + b"\r" for line in lines], "header"),
    "brackets": (lambda lines: [lines[0], b"[" * 100000], "not a row"),
    "a mark before": (lambda lines: [b"\xef\xbb\xbf" + lines[0]] + lines[1:], "header"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_corrupt_resume_file_is_left_alone(store, tmp_path, what):
    """[SWP-01.4] Exit 6, the line is named, not a byte of file and ledger is changed; cut before it, it goes on."""
    damage, says = BAD_FILES[what]
    document = sweep(store, tmp_path / "s", *GRID)
    whole, ledger = open(document["trials_file"], "rb").read(), (tmp_path / "ledger").read_bytes()
    before = b"\n".join(damage(whole.split(b"\n")[:-1])) + b"\n"
    assert before != whole
    open(document["trials_file"], "wb").write(before)
    line = tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger", *RUN,
                        *GRID, "--resume", code=6)
    assert says in line and "trials.jsonl:" in line
    assert open(document["trials_file"], "rb").read() == before and (tmp_path / "ledger").read_bytes() == ledger
    bad = int(line.split("trials.jsonl:")[1].split(":")[0])
    open(document["trials_file"], "wb").write(b"\n".join(before.split(b"\n")[:bad - 1]) + (b"\n" if bad > 1 else b""))
    sweep(store, tmp_path / "s", *GRID, "--resume")
    assert open(document["trials_file"], "rb").read() == whole and (tmp_path / "ledger").read_bytes() == ledger


@pytest.mark.parametrize("keep", ["nothing", "half a header", "a header without its end", "a header"])
def test_a_file_without_a_row_is_a_beginning(store, tmp_path, keep):
    """[SWP-01.4] What was torn off before the first row was written is no damage."""
    document = sweep(store, tmp_path / "s", *GRID)
    whole = open(document["trials_file"], "rb").read()
    header = whole.split(b"\n")[0]
    parts = {"nothing": b"", "half a header": header[:99], "a header without its end": header, "a header": header + b"\n"}
    open(document["trials_file"], "wb").write(parts[keep])
    assert sweep(store, tmp_path / "s", *GRID, "--resume")["resumed"] == 0
    assert open(document["trials_file"], "rb").read() == whole


def id_of(header):
    """The id that docs/formats/sweep.md gives a header."""
    nameless = re.sub(r'"store":"[^"]*",?', "", re.sub(r'"sweep_id":"[^"]*"', '"sweep_id":""', header))
    return hashlib.sha256(nameless.encode()).hexdigest()[:16]


def test_a_sweep_that_another_build_began_is_said(store, tmp_path):
    """--resume does not begin anew in silence after an upgrade; what the other build has done is left as it is."""
    document = sweep(store, tmp_path / "s", *GRID)
    ours = tmp_path / "s" / document["sweep_id"]
    lines = (ours / "trials.jsonl").read_text().split("\n")
    assert id_of(lines[0]) == document["sweep_id"]
    header = lines[0].replace(json.loads(lines[0])["build"], "0.0.9+other")
    theirs = tmp_path / "s" / id_of(header)
    ours.rename(theirs)
    header = header.replace(document["sweep_id"], theirs.name)
    kept = "\n".join([header, *lines[1:4]]) + "\n"
    (theirs / "trials.jsonl").write_text(kept)
    words = ("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger", *RUN, *GRID)
    line = tool.refused(*words, "--resume", code=2)
    assert "another build began this sweep" in line and "3 of 9" in line and "0.0.9+other" in line and theirs.name in line
    assert not ours.exists() and (theirs / "trials.jsonl").read_text() == kept
    sweep(store, tmp_path / "s", *GRID)
    assert sweep(store, tmp_path / "s", *GRID, "--resume")["resumed"] == 9


@pytest.fixture
def small_disk(tmp_path):
    """A disk whose size can be set; it is taken away at the end."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "keel-test", folder], capture_output=True, timeout=30)
    if made.returncode != 0:
        pytest.skip("not on this machine: a tmpfs of our own (mount needs root)")
    try:
        yield folder, lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True, timeout=30)
    finally:
        subprocess.run(["umount", "-l", folder], check=True, timeout=30)


def test_a_disk_that_fills_up_again_and_again_loses_nothing(store, tmp_path, small_disk):
    """[SWP-01.4] [T-412] File and ledger on one disk that is full at ever other places: a line, code 1, and going on to the
    same bytes; what stands in the file stands in the ledger."""
    disk, resize = small_disk
    whole = sweep(store, tmp_path / "a" / "s", *SAMPLERS["random"]) if (tmp_path / "a").mkdir() is None else None
    reference, ledger = open(whole["trials_file"], "rb").read(), (tmp_path / "a" / "ledger").read_bytes()
    path = disk / "s" / whole["sweep_id"] / "trials.jsonl"
    stops = 0
    for size in [*range(8, 200, 12), 4096]:
        resize(f"{size}k")
        done = subprocess.run([str(w) for w in (tool.program(), "sweep", "run", "--store", store, "--sweeps", disk / "s",
                                                "--ledger", disk / "ledger", *RUN, *SAMPLERS["random"], "--resume")],
                              capture_output=True, text=True, timeout=100)
        if done.returncode == 0:
            break
        stops += 1
        assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
        assert "No space left" in done.stderr
        kept = path.read_bytes() if path.exists() else b""
        rows, torn = kept.split(b"\n")[1:-1], b"" if kept.endswith(b"\n") else kept.split(b"\n")[-1]
        assert reference.startswith(kept) and torn == b""
        accounted = (disk / "ledger").read_bytes() if (disk / "ledger").exists() else b""
        assert ledger.startswith(accounted.rpartition(b"\n")[0])
        assert {json.loads(row)["trial_hash"] for row in rows} <= set(accounted.decode().split())
    assert stops >= 5 and path.read_bytes() == reference and (disk / "ledger").read_bytes() == ledger
    assert json.loads((disk / "s" / whole["sweep_id"] / "summary.json").read_text())["best"] == whole["best"]


def test_a_ledger_that_is_no_file_is_refused(store, tmp_path):
    """A device would be read for ever, and would keep nothing."""
    done = subprocess.run([str(w) for w in (tool.program(), "sweep", "run", "--store", store, "--sweeps", tmp_path / "s",
                                            "--ledger", "/dev/full", *RUN, *GRID)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "keel: the trial ledger is no file: /dev/full: name another with --ledger\n"
