"""An independent reader of a run's log: docs/formats/events.md by json and zstd, nothing of keel's."""
import json
import re
import subprocess
from pathlib import Path


def parts(folder, name):
    """Files of a stream, oldest first."""
    base = Path(folder) / name
    closed = sorted(base.parent.glob(base.name + ".[0-9][0-9][0-9][0-9][0-9][0-9].jsonl.zst"))
    plain = base.parent / (base.name + ".jsonl")
    return closed + ([plain] if plain.exists() else [])


def raw(folder, name):
    out = b""
    for part in parts(folder, name):
        if part.suffix == ".zst":
            out += subprocess.run(["zstd", "-dcq", str(part)], capture_output=True, check=True, timeout=60).stdout
        else:
            out += part.read_bytes()
    return out


def records(folder, name="events"):
    out = raw(folder, name)
    assert out == b"" or out.endswith(b"\n")
    lines = out.split(b"\n")[:-1]
    for line in lines:
        assert len(line) < 8192 and not re.search(rb"[\x00-\x1f\x7f]", line), line
    found = [json.loads(line) for line in lines]
    assert [r["seq"] for r in found] == list(range(1, len(found) + 1))
    return found


def codes(folder):
    return [r["code"] for r in records(folder)]
