"""Builds and runs one item (item_*.h) of the pure rooms on a host compiler, on OpenCL and, compile only, on CUDA."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = Path(os.environ.get("KEEL_OUT", ROOT / "build-test")) / "device"
OUT.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("POCL_CACHE_DIR", str(OUT / "pocl"))

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes",
            "-Wundef", "-Wvla", "-Wdouble-promotion", "-Werror"]
BASE = ["-std=c17", "-fno-math-errno", "-fno-strict-aliasing", "-D_POSIX_C_SOURCE=200809L",
        f"-I{ROOT}/src", f"-I{ROOT}/src/pure", f"-I{HERE}"]
HOSTS = {
    "gcc -O0": ["gcc", "-O0", "-ffp-contract=off"],
    "gcc -O2": ["gcc", "-O2", "-ffp-contract=off"],
    "gcc -O3 -march=native": ["gcc", "-O3", "-march=native", "-ffp-contract=off"],
    "clang -O0": ["clang", "-O0", "-ffp-contract=off"],
    "clang -O3 -march=native": ["clang", "-O3", "-march=native", "-ffp-contract=off"],
    "gcc sanitizers": ["gcc", "-O1", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
}


def call(argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{' '.join(map(str, argv))}\n{done.stdout[-3000:]}{done.stderr[-6000:]}"
    return done


def item_file(item):
    return HERE / f"item_{item}.h"


def items():
    """The names of all items: the headers that define keel_item."""
    return sorted(p.stem.removeprefix("item_") for p in HERE.glob("item_*.h") if "ITEM_OUT" in p.read_text())


def words(item):
    text = item_file(item).read_text()
    return tuple(int(re.search(rf"#define {n} (\d+)", text).group(1)) for n in ("ITEM_IN", "ITEM_OUT"))


def inputs(item, count, seed):
    """count items: integers from one bit to 63 of either sign, corners among them, and doubles of all kinds."""
    rng = np.random.default_rng(seed)
    n_in, _ = words(item)
    raw = rng.integers(0, 2**64, size=(count, n_in), dtype=np.uint64)
    values = (raw.view(np.int64) >> rng.integers(0, 63, size=raw.shape)).view(np.uint64)
    corners = np.array([0, 1, 2**64 - 1, 2**63, 2**63 - 1, 10**8, 5 * 10**7, 10**16, 2**64 - 10**8], dtype=np.uint64)
    spots = rng.random(raw.shape) < 0.03
    values[spots] = rng.choice(corners, size=int(spots.sum()))
    # The last word is the bits of a double: half of them prices, half any pattern, specials included.
    price = np.exp(rng.normal(5, 6, count))
    values[:, -1] = np.where(rng.random(count) < 0.5, price.view(np.uint64), raw[:, -1])
    return values


def host(name, item, data, extra=()):
    """What the item gives on host compiler `name`; `extra` flags come last and so win."""
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        program = Path(folder) / "item"
        call([*HOSTS[name], *BASE, "-Wno-unused-function", f'-DITEM_FILE="{item_file(item).name}"', *extra,
              HERE / "host_item.c", "-o", program])
        return run_words([program], item, data, folder)


def run_words(program, item, data, folder, after=()):
    source, target = Path(folder) / "in.bin", Path(folder) / "out.bin"
    data.tofile(source)
    call([*program, source, target, *after])
    return np.fromfile(target, dtype=np.uint64).reshape(len(data), words(item)[1])


def flat(item, edit=lambda text: text):
    """The OpenCL text of the item, whole."""
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        shutil.copy(HERE / "opencl_item.cl", folder)
        for header in HERE.glob("item_*.h"):
            shutil.copy(header, folder)
        shutil.copy(item_file(item), Path(folder) / "item.h")
        return edit(call([ROOT / "script" / "flatten-pure", Path(folder) / "opencl_item.cl"]).stdout)


def opencl(item, data, edit=lambda text: text, options="-cl-std=CL1.2"):
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        runner, source = Path(folder) / "opencl_run", Path(folder) / "item.cl"
        call(["gcc", "-std=c17", "-O1", *WARNINGS, HERE / "opencl_run.c", "-lOpenCL", "-o", runner])
        source.write_text(flat(item, edit))
        n_in, n_out = words(item)
        return run_words([runner, source], item, data, folder, (n_in, n_out, options))


# ---- the known-answer lane: words (strategy, seed) in, (state hash, trades, final equity) out ------------------

LANE_WORDS = 2, 3
LANE_SCRATCH = 1 << 21  # bytes per run; lane_entry.h asserts that it is enough


def lane_host(name, data, extra=()):
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        program = Path(folder) / "lane"
        call([*HOSTS[name], *BASE, "-Wno-unused-function", *extra, HERE / "host_lane.c", "-o", program, "-lm"])
        source, target = Path(folder) / "in.bin", Path(folder) / "out.bin"
        data.tofile(source)
        call([program, source, target])
        return np.fromfile(target, dtype=np.uint64).reshape(len(data), LANE_WORDS[1])


def lane_opencl(data, edit=lambda text: text, options="-cl-std=CL1.2"):
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        runner, text = Path(folder) / "opencl_run", Path(folder) / "lane.cl"
        call(["gcc", "-std=c17", "-O1", *WARNINGS, HERE / "opencl_run.c", "-lOpenCL", "-o", runner])
        text.write_text(edit(call([ROOT / "script" / "flatten-pure", HERE / "opencl_lane.cl"]).stdout))
        source, target = Path(folder) / "in.bin", Path(folder) / "out.bin"
        data.tofile(source)
        call([runner, text, source, target, *LANE_WORDS, f"{options} -DKEEL_SYMBOLS_MAX=2 -DKEEL_UNIVERSE_MAX=2",
              LANE_SCRATCH])
        return np.fromfile(target, dtype=np.uint64).reshape(len(data), LANE_WORDS[1])


def lane_ptx():
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        target = Path(folder) / "lane.ptx"
        call([nvcc(), "-x", "cu", "-std=c++17", "-fmad=false", "-prec-div=true", "-prec-sqrt=true", "-ptx",
              "-arch=compute_75", "-diag-suppress=177", f"-I{ROOT}/src", f"-I{ROOT}/src/pure", f"-I{HERE}",
              "-DKEEL_SYMBOLS_MAX=2", "-DKEEL_UNIVERSE_MAX=2", HERE / "cuda_lane.cu", "-o", target])
        return target.read_text()


def nvcc():
    """The path of nvcc, or None."""
    for place in (os.environ.get("NVCC"), shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc"):
        if place and os.access(place, os.X_OK):
            return place
    return None


def ptx(item, fmad="false"):
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        target = Path(folder) / "item.ptx"
        call([nvcc(), "-x", "cu", "-std=c++17", f"-fmad={fmad}", "-prec-div=true", "-prec-sqrt=true", "-ptx",
              "-arch=compute_75", "-diag-suppress=177", f"-I{ROOT}/src", f"-I{ROOT}/src/pure", f"-I{HERE}",
              f'-DITEM_FILE="{item_file(item).name}"', HERE / "cuda_item.cu", "-o", target])
        return target.read_text()


def differing(a, b):
    """How many items differ, and the first of them in words, for the message."""
    rows = np.flatnonzero((a != b).any(axis=1))
    if len(rows) == 0:
        return 0, "equal"
    i = rows[0]
    return len(rows), f"item {i}: {[hex(int(x)) for x in a[i]]} against {[hex(int(x)) for x in b[i]]}"


def processor_fuses():
    return re.search(r"^flags.*\bfma\b", Path("/proc/cpuinfo").read_text(), re.M) is not None
