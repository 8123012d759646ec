"""The journal on a real disk: a second reader written from the page, damage, tools, and real kill -9."""
# time limit: 300 s
import ctypes
import ctypes.util
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ed25519_page
import journal_page as page
from data_tool import keel, keel_json, program, refused

SIGN, KEY = "11" * 32, "22" * 32


def tool(*words, binary="KEEL_BIN", code=0):
    path = Path(program(binary)).parents[2] / "tests" / "journal_tool"
    done = subprocess.run([path, *map(str, words)], capture_output=True, text=True, timeout=200)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout.split("\n")


def record(n):
    return 1 + n % 60000, n, 1700000000000 + n, bytes((31 * n + i) & 255 for i in range(n % 211))


def unseal(nonce, sealed, also):
    """AES-256-GCM through libcrypto's own interface; which bytes go where is from the page."""
    lib = ctypes.CDLL(ctypes.util.find_library("crypto"))
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
        getattr(lib, name).restype = ctypes.c_void_p
    ctx, n = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new()), ctypes.c_int()
    cipher, tag = sealed[:-16], sealed[-16:]
    out = ctypes.create_string_buffer(len(cipher) + 16)
    assert lib.EVP_DecryptInit_ex(ctx, ctypes.c_void_p(lib.EVP_aes_256_gcm()), None, bytes.fromhex(KEY), nonce) == 1
    assert lib.EVP_DecryptUpdate(ctx, None, ctypes.byref(n), also, len(also)) == 1
    assert lib.EVP_DecryptUpdate(ctx, out, ctypes.byref(n), cipher, len(cipher)) == 1
    assert lib.EVP_CIPHER_CTX_ctrl(ctx, 0x11, 16, tag) == 1
    good = lib.EVP_DecryptFinal_ex(ctx, ctypes.byref(ctypes.c_char()), ctypes.byref(n)) == 1
    lib.EVP_CIPHER_CTX_free(ctx)
    assert good, "a tag that does not fit"
    return out.raw[:len(cipher)]


def test_the_reference_verifies_as_the_standard_says():
    """RFC 8032, 7.1, test 3."""
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                              "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")
    assert ed25519_page.verify(public, signature, b"\xaf\x82")
    assert not ed25519_page.verify(public, signature, b"\xaf\x83")
    assert page.crc32c(b"123456789") == 0xe3069283


@pytest.mark.parametrize("extra", [[], [f"sign={SIGN}"], [f"sign={SIGN}", f"key={KEY}"]])
def test_a_second_reader_agrees(tmp_path, extra):
    """[T-097] [T-104] [T-111] [WAL-01.1] [WAL-03.1] Written by keel, read from the page: the same records, twice."""
    folder = tmp_path / "j"
    for commits, leave in ((20, []), (15, ["leave"]), (9, [])):
        tool("write", folder, commits, 7, 16384, 3000, *extra, "snap=5", *leave)
    signed, encrypted = any("sign" in e for e in extra), any("key" in e for e in extra)
    checked = []

    def check_signature(public, signature, text):
        checked.append(text)
        return ed25519_page.verify(public, signature, text)

    segments = page.read(folder, decrypt=unseal if encrypted else None, check_signature=check_signature)
    records = [r for s in segments for r in s.records]
    assert records == [record(n) for n in range(1, 44 * 7 + 1)]
    assert (len(checked) > 5) == signed and segments[-1].shut_down and len(segments) >= 4
    again = page.read(folder, decrypt=unseal if encrypted else None)
    assert [r for s in again for r in s.records] == records
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)
    report = keel_json("journal", "verify", folder, *(["--key-file", key_file] if encrypted else []))
    assert report["verdict"] == "good" and report["records"] == len(records) and report["first_bad_offset"] is None
    assert report["segments"] == len(segments) and report["bytes"] == sum(s.end for s in segments)
    assert report["checkpoints"] == sum(s.checkpoints for s in segments)
    assert report["journal_id"] == segments[0].head.id.hex() and report["signed"] == signed
    assert report["public_key"] == (segments[0].head.public_key.hex() if signed else None)
    assert report["encrypted"] == encrypted and report["shut_down"]
    # Snapshots: those on disk are those the journal speaks of.
    spoken = {seq: (state, size, digest) for s in segments for seq, state, size, digest in s.snapshots}
    kept = sorted(folder.glob("snap-main-*.kls"))
    assert len(kept) == 3 == len(report["snapshots"]) and all(s["whole"] for s in report["snapshots"])
    for path in kept:
        snap = page.snapshot(path)
        plain = unseal(snap["nonce"], snap["bytes"] + snap["tag"], snap["also"]) if encrypted else snap["bytes"]
        seq = snap["seq"]
        assert plain == bytes([seq & 255]) * (seq % 1009) and snap["state"] == 3 * seq
        assert spoken[seq] == (3 * seq, seq % 1009, snap["digest"])


def test_a_journal_that_is_not_there_is_told_with_the_way_out(tmp_path):
    folder = tmp_path / "nowhere"
    assert refused("journal", "verify", folder, code=2) == f"cannot open: {folder}: No such file or directory: check the path"


@pytest.mark.parametrize("link_bytes", [3000, 100_000])
def test_a_journal_of_version_1_is_read_and_goes_on(tmp_path, link_bytes):
    """[T-116] [WAL-01.3] Its chain is judged by its own rule; what is written behind it has that of version 2, over pieces."""
    folder = tmp_path / "j"
    tool("write", folder, 400, 40, 1 << 20, link_bytes)
    page.as_version_1(folder)
    old = page.read(folder)
    assert {s.head.version for s in old} == {1}
    path = next(iter(page.segments_of(folder).values()))
    report = keel_json("journal", "verify", folder)
    assert report["verdict"] == "good" and report["records"] == 16_000 and report["checkpoints"] == sum(s.checkpoints for s in old) > 1
    tool("write", folder, 400, 40, 1 << 20, link_bytes)
    both = page.read(folder)
    assert sorted({s.head.version for s in both}) == [1, 2]
    assert [r for s in both for r in s.records] == [record(n) for n in range(1, 32_001)]
    assert keel_json("journal", "verify", folder)["records"] == 32_000
    good = path.read_bytes()
    bad = bytearray(good)  # a record that is another one with a checksum that fits: only the chain tells
    at, size = old[0].starts[3], old[0].one(good, old[0].starts[3])[0]
    bad[at + 24] ^= 1
    bad[at + size - 4:at + size] = page.crc32c(old[0].head.id + page.u64(1) + bytes(bad[at:at + size - 4])).to_bytes(4, "little")
    path.write_bytes(bad)
    report = keel_json("journal", "verify", folder, code=1)
    assert report["verdict"] == "tampered" and report["first_bad_file"] == path.name


def test_both_readers_locate_each_flipped_byte_alike(tmp_path):
    """[T-114] [WAL-06]"""
    folder = tmp_path / "j"
    tool("write", folder, 12, 3, 16384, 1000, f"sign={SIGN}")
    path = next(iter(page.segments_of(folder).values()))
    good, rng = path.read_bytes(), random.Random(5)
    starts = page.Segment(good, 1).read().starts
    places = sorted(rng.sample(range(len(good)), 12) + [0, 15, 4095, 4096, len(good) - 1] + starts[3:5])
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        report = keel_json("journal", "verify", folder, code=1)
        with pytest.raises(page.Bad) as caught:
            page.Segment(bytes(bad), 1).read()
        assert report["first_bad_file"] == path.name
        assert report["first_bad_offset"] == caught.value.offset == max([s for s in starts if s <= place], default=0)
    path.write_bytes(good)
    keel_json("journal", "verify", folder)


def test_verify_says_what_it_met(tmp_path):
    """[T-099] [T-100] [T-116] [T-129] [WAL-05.1] Exit 0 good, 1 damaged, 2 cannot be read."""
    folder = tmp_path / "j"
    tool("write", folder, 300, 7, 16384, 3000, f"sign={SIGN}")
    tool("write", folder, 3, 7, 16384, 3000, f"sign={SIGN}", "leave")
    files = list(page.segments_of(folder).values())
    assert keel_json("journal", "verify", folder)["verdict"] == "good"
    last = files[-1].read_bytes()
    end = page.Segment(last, len(files)).read().end

    def judged(code=1):
        return keel_json("journal", "verify", folder, code=code)

    files[-1].write_bytes(last[:end] + b"\x05\0\0\0half a record" + bytes(100))
    assert judged()["verdict"] == "torn"
    files[-1].write_bytes(last)
    other = files[3].read_bytes()
    files[3].write_bytes(other[:5000] + b"\xff" + other[5001:])
    report = judged()
    assert report["verdict"] == "corrupt" and report["first_bad_file"] == files[3].name and report["bytes_behind"] > 0
    refused("journal", "compact", folder, code=1)
    files[3].rename(tmp_path / "away")
    assert judged()["verdict"] == "missing"
    shutil.copy(files[4], files[3])
    assert judged()["verdict"] == "foreign"
    files[3].write_bytes(other)
    assert judged(0)["verdict"] == "good"
    public = judged(0)["public_key"]
    keel_json("journal", "verify", folder, "--public-key", public)
    assert keel_json("journal", "verify", folder, "--public-key", "00" * 31 + "01", code=1)["verdict"] == "foreign"
    newer = bytearray(last)
    newer[8] = 3
    newer[4092:4096] = page.crc32c(bytes(newer[:4092])).to_bytes(4, "little")
    files[-1].write_bytes(newer)
    assert "newer" in refused("journal", "verify", folder, code=2)
    files[-1].write_bytes(last)
    refused("journal", "verify", tmp_path / "nowhere", code=2)
    files[0].chmod(0o640)
    assert "too wide" in refused("journal", "verify", folder, code=2)
    files[0].chmod(0o600)
    folder.chmod(0o750)
    assert "too wide" in refused("journal", "show", folder, code=2)


def test_files_are_for_the_user_alone(tmp_path):
    """[T-117] [WAL-01.4] [SEC-02] Whatever the umask."""
    folder = tmp_path / "j"
    old = os.umask(0)
    try:
        tool("write", folder, 5, 2, 16384, 1000, "snap=2")
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_show_repair_scrub_and_compact(tmp_path):
    """[WAL-06] [T-113] [T-126] Records as text and JSON; damage set aside whole; segments put away."""
    folder = tmp_path / "j"
    tool("write", folder, 300, 7, 16384, 3000, "snap=60")
    shown = keel_json("journal", "show", folder, "--from", 500, "--count", 3)["records"]
    assert [r["seq"] for r in shown] == [500, 501, 502]
    for r in shown:
        assert (r["type"], r["seq"], r["ts_ms"], bytes.fromhex(r["payload"])) == record(r["seq"])
    lines = keel("journal", "show", folder, "--lines", "--count", 2)[0].strip().split("\n")
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]
    assert keel_json("journal", "scrub", folder, "--mib-per-s", 1000)["damaged"] is False
    done = keel_json("journal", "compact", folder)
    assert done["segments"] > 3 and done["oldest_snapshot_seq"] == 180 * 7 and done["first_seq"] <= 180 * 7 + 1
    assert len(list((folder / "archive").iterdir())) == done["segments"]
    report = keel_json("journal", "verify", folder)
    assert report["verdict"] == "good" and report["first_seq"] == done["first_seq"] and report["last_seq"] == 2100
    before = {p.name: p.read_bytes() for p in folder.glob("wal-*.klw")}
    victim = sorted(before)[1]
    (folder / victim).write_bytes(before[victim][:4500] + b"\xee" + before[victim][4501:])
    keel_json("journal", "scrub", folder, code=1)
    bad = keel_json("journal", "verify", folder, code=1)
    mended = keel_json("journal", "repair", folder)
    assert mended["verdict"] == "corrupt" and mended["first_bad_offset"] == bad["first_bad_offset"]
    assert mended["reconcile_first"] is True
    kept = sum(p.stat().st_size for p in folder.glob("wal-*.klw"))
    zeros = sum(len(b) - len(b.rstrip(b"\0")) for b in before.values())  # behind a seal that was not cut: not kept aside
    assert 0 <= sum(map(len, before.values())) - kept - mended["dropped_bytes"] <= zeros
    assert sum(p.stat().st_size for p in (folder / "aside").iterdir()) == mended["dropped_bytes"]
    # The snapshots behind the cut are ahead of the journal now: named, and not taken.
    report = keel_json("journal", "verify", folder, code=1)
    last = mended["next_seq"] - 1
    assert report["verdict"] == "good" and 1260 <= last < 2100
    assert [s["whole"] for s in report["snapshots"]] == [s["seq"] <= last for s in report["snapshots"]]
    for snap in report["snapshots"]:
        if not snap["whole"]:
            (folder / f"snap-main-{snap['seq']:020}.kls").unlink()
    assert keel_json("journal", "verify", folder)["last_seq"] == mended["next_seq"] - 1
    assert tool("write", folder, 1, 1, 16384, 3000)[1] == str(mended["next_seq"])


def test_a_second_writer_is_refused(tmp_path):
    """[T-120] [WAL-01.4] Two processes."""
    folder = tmp_path / "j"
    path = Path(program()).parents[2] / "tests" / "journal_tool"
    first = subprocess.Popen([path, "write", folder, "0", "1", "1000000", "3000"], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline().startswith("opened good")
        done = subprocess.run([path, "write", folder, "1", "1", "16384", "3000"], capture_output=True, text=True)
        assert done.returncode == 2 and f"process {first.pid}" in done.stderr
        assert "another writer" in refused("journal", "repair", folder, code=2)
        # Reading beside it is allowed: a prefix, and no damage.
        assert keel_json("journal", "scrub", folder, "--mib-per-s", 1000)["damaged"] is False
    finally:
        first.kill()
        first.wait()
    tool("write", folder, 1, 1, 16384, 3000)


def test_kill_9_of_a_real_writer(tmp_path):
    """[T-099] [T-119] [WAL-05.3] Killed while it writes, again and again in one journal: what it had said was durable is
    there, and nothing that it had not written."""
    folder, rng, torn = tmp_path / "j", random.Random(9), 0
    path = Path(program("KEEL_BIN_RELEASE")).parents[2] / "tests" / "journal_tool"
    last = 0
    for round_ in range(40):
        extra = [f"sign={SIGN}"]
        writer = subprocess.Popen([path, "write", folder, "0", str(rng.choice([1, 3, 50])), "65536", "20000", "snap=40",
                                   *extra], stdout=subprocess.PIPE, text=True)
        opened = writer.stdout.readline().split()
        assert opened[:2] in (["opened", "good"], ["opened", "torn"]), opened
        torn += opened[1] == "torn"
        assert int(opened[2]) >= last
        last = int(opened[2])
        if round_ % 5 == 4:
            time.sleep(rng.random() * 0.05)
        for _ in range(rng.randrange(1, 40)):
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
        writer.wait()
        # The last line may be cut by the kill; those before it were acknowledgements.
        acknowledged = [int(line) for line in rest[:-1] if line]
        last = max([last, *acknowledged])
        said = tool("check", folder, binary="KEEL_BIN_RELEASE")[0].rsplit(" ", 1)
        assert said[0] in ("good", "torn") and int(said[1]) >= last, (said, last)
    assert last > 100


def test_planted_forgery_is_located(tmp_path):
    """[LOG-05] [WAL-01] A record changed together with its checksum, by somebody who read the page: found by the
    checkpoint that closed it, in keel and in the second reader."""
    folder = tmp_path / "j"
    tool("write", folder, 12, 3, 16384, 100000, f"sign={SIGN}")
    path = next(iter(page.segments_of(folder).values()))
    data = bytearray(path.read_bytes())
    segment = page.Segment(bytes(data), 1).read()
    at = segment.starts[4]
    size = int.from_bytes(data[at:at + 4], "little")
    data[at + 16] ^= 1
    body = bytes(data[at:at + 24 + size])
    data[at + 24 + size:at + 28 + size] = page.crc32c(segment.head.id + page.u64(1) + body).to_bytes(4, "little")
    path.write_bytes(data)
    report = keel_json("journal", "verify", folder, code=1)
    with pytest.raises(page.Bad) as caught:
        page.Segment(bytes(data), 1).read()
    assert report["verdict"] == "tampered" and report["first_bad_offset"] == caught.value.offset == 0


# A process starts with the peak of the one it was forked from, so a small one stands between.
PEAK = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_long_journal_in_little_memory(tmp_path):
    """[T-122] [T-128] [WAL-05.2] A million records, over segments, verified in a bounded amount of memory."""
    folder = tmp_path / "j"
    tool("write", folder, 100, 10000, 8 << 20, 1 << 20, f"sign={SIGN}", binary="KEEL_BIN_RELEASE")
    size = sum(p.stat().st_size for p in folder.glob("wal-*.klw"))
    assert size > 100e6
    verify = subprocess.run([sys.executable, "-c", PEAK, program("KEEL_BIN_RELEASE"), "journal", "verify", str(folder), "--json"],
                            capture_output=True, text=True, timeout=300)
    report = json.loads(verify.stdout)
    assert verify.returncode == 0 and report["verdict"] == "good"
    assert report["records"] == report["last_seq"] == 1_000_000 and report["segments"] > 10
    assert int(verify.stderr.split()[-1]) * 1024 < size / 3
