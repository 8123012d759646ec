"""What the tests of data at rest share: running keel, writing candle files in each form, reading them back."""
import gzip
import json
import os
import random
import re
import struct
import subprocess
from pathlib import Path

HEADER = "ts_ms,open,high,low,close,volume"
START_MS = 1704067200000  # 2024-01-01
MINUTE_MS = 60000
UNIT_MS = {"m": 60000, "h": 3600000, "d": 86400000}


def program(name="KEEL_BIN"):
    path = os.environ.get(name)
    assert path and Path(path).exists(), f"${name} names no program"
    return path


def shared():
    """Folder of the recorded market data, or None."""
    for candidate in (os.environ.get("KEEL_SHARED_DATA"), Path(__file__).resolve().parents[3] / "shared" / "data"):
        if candidate and (Path(candidate) / "candles").is_dir():
            return Path(candidate)
    return None


def keel(*words, binary=None, code=0):
    """Run keel; returns (stdout, stderr). The exit code must be `code`."""
    run = subprocess.run([binary or program(), *map(str, words)], capture_output=True, text=True, timeout=300)
    assert run.returncode == code, f"exit {run.returncode}, expected {code}: {run.stderr[-2000:]}"
    return run.stdout, run.stderr


def keel_json(*words, binary=None, code=0):
    return json.loads(keel(*words, "--json", binary=binary, code=code)[0])


def refused(*words, code, binary=None):
    """A refusal is one line on stderr, nothing on stdout; returns the line without 'keel: '."""
    out, err = keel(*words, binary=binary, code=code)
    assert out == "", out
    lines = err.strip().split("\n")
    assert len(lines) == 1 and lines[0].startswith("keel: "), err
    assert len(lines[0].split(": ")) >= 3, f"not 'what: where: how to mend it': {lines[0]}"
    return lines[0].removeprefix("keel: ")


def dataset_hash(store, binary=None):
    return keel_json("data", "list", "--store", store, binary=binary)["dataset_hash"]


def bars(count, first=0, seed=1, interval_ms=MINUTE_MS):
    """Lines of a plausible market; equal index, equal line."""
    lines = []
    rng = random.Random(seed)
    close = 4000000
    for i in range(first + count):
        open_ = close
        close = max(100, close + rng.randrange(-900, 901))
        high, low = max(open_, close) + rng.randrange(300), min(open_, close) - rng.randrange(90)
        volume = rng.randrange(1, 10**9) / 1000
        if i >= first:
            lines.append(f"{START_MS + i * interval_ms},{open_ / 100},{high / 100},{low / 100},{close / 100},{volume}")
    return lines


def write(path, lines, header=HEADER):
    """Plain, .gz or .zst by the name."""
    text = "\n".join([header, *lines, ""]).encode()
    path = Path(path)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else zstd_raw(text) if path.suffix == ".zst" else text)
    return path


def zstd_raw(data):
    """A Zstandard frame of uncompressed blocks (RFC 8878, 3.1.1): valid, and needs no library."""
    out = struct.pack("<I", 0xFD2FB528) + bytes([0x00, 0x58])  # no single segment, no checksum; window of 2 MiB
    blocks = [data[i:i + 100000] for i in range(0, len(data), 100000)] or [b""]
    for i, block in enumerate(blocks):
        out += struct.pack("<I", (i == len(blocks) - 1) | len(block) << 3)[:3] + block
    return out


def lines_of(path):
    """Data lines of a stored file, .zst through keel itself being what is tested: so through zstd or python here."""
    path = Path(path)
    if path.suffix == ".zst":
        text = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout.decode()
    else:
        text = path.read_text()
    return text.split("\n")[1:-1]


def named(path):
    """(venue, symbol, interval) of a file's name."""
    match = re.match(r"([^_]+)_([^_]+)_([^_]+)_\d{8}-\d{8}\.csv", Path(path).name)
    return match.groups()


def interval_ms(text):
    return int(text[:-1]) * UNIT_MS[text[-1]]


def expected_rows(folder):
    """File name -> rows, from the tables of the data's own README."""
    found = {}
    for line in (folder / "README.md").read_text().split("\n"):
        cells = [c.strip() for c in line.split("|")]
        if len(cells) > 9 and cells[1].startswith("`") and cells[7].isdigit():
            found[cells[1].strip("`")] = int(cells[7])
    return found
