"""The state hash is SipHash-1-3 with a zero key: CPython's own hash of bytes is the reference, for every length."""
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

WORD = struct.Struct("<Q")
PEER = """
import sys
assert sys.hash_info.algorithm == "siphash13", sys.hash_info.algorithm
data = sys.stdin.buffer.read()
for end in range(8, len(data) + 1, 8):
    print(hash(data[:end]))
"""


def peer_digests(data):
    """hash(bytes) for each prefix of whole words; a seed of 0 means a key of zero. CPython replaces -1 by -2."""
    done = subprocess.run([sys.executable, "-c", PEER], input=data, capture_output=True, timeout=120,
                          env=dict(os.environ, PYTHONHASHSEED="0"))
    assert done.returncode == 0, done.stderr.decode()
    return [int(line) for line in done.stdout.split()]


def keel_digests(data, key):
    program = Path(os.environ[key]).parents[2] / "tests" / "hash_words"
    done = subprocess.run([program], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return [int(line, 16) for line in done.stdout.split()]


def test_every_prefix_hashes_as_cpython_does():
    """[ENG-03] Lengths to 3,000 words, so that the length byte wraps many times."""
    rng = random.Random(13)
    corners = [0, 1, 2 ** 63, 2 ** 64 - 1, 0x00FF00FF00FF00FF]
    words = corners + [rng.getrandbits(64) for _ in range(2_995)]
    data = b"".join(WORD.pack(w) for w in words)
    want = peer_digests(data)
    for key in ("KEEL_BIN", "KEEL_BIN_RELEASE"):
        got = [struct.unpack("<q", WORD.pack(d))[0] for d in keel_digests(data, key)[1:]]
        assert len(got) == len(want) == len(words)
        different = [i for i, (g, w) in enumerate(zip(got, want)) if g != w and not (g == -1 and w == -2)]
        assert not different, f"first difference after {different[0] + 1} words"


def test_one_bit_changes_the_digest():
    base = bytes(64)
    seen = set()
    for bit in range(512):
        data = bytearray(base)
        data[bit // 8] ^= 1 << bit % 8
        seen.add(keel_digests(bytes(data), "KEEL_BIN_RELEASE")[-1])
    assert len(seen | {keel_digests(base, "KEEL_BIN_RELEASE")[-1]}) == 513
