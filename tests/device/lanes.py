"""Builds and runs items (items.h) of the pure rooms on host compilers, on OpenCL and, compile only, on CUDA."""
import atexit
import functools
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
WORK = Path(tempfile.mkdtemp(dir=OUT))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)

ITEMS = re.findall(r"case \d+: keel_item_(\w+)\(", (HERE / "items.h").read_text())
WORDS = 4
# Words of scratch memory of one item; the other items need none.
SCRATCH = {"kat": 80_000}
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
    assert done.returncode == 0, \
        f"{' '.join(map(str, argv))}\nexit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-6000:]}"
    return done


def inputs(count, seed):
    """count items: integers from one bit to 63 of either sign, corners among them, and doubles of all kinds."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 2**64, size=(count, WORDS), dtype=np.uint64)
    values = (raw.view(np.int64) >> rng.integers(0, 63, size=raw.shape)).view(np.uint64)
    corners = np.array([0, 1, 2**64 - 1, 2**63, 2**63 - 1, 10**8, 5 * 10**7, 10**16, 2**64 - 10**8], dtype=np.uint64)
    spots = rng.random(raw.shape) < 0.03
    values[spots] = rng.choice(corners, size=int(spots.sum()))
    # The last word is the bits of a double: half of them prices, half any pattern, specials included.
    price = np.exp(rng.normal(5, 6, count))
    values[:, -1] = np.where(rng.random(count) < 0.5, price.view(np.uint64), raw[:, -1])
    return values


@functools.lru_cache(maxsize=None)
def host_program(name, file, extra):
    target = WORK / f"host{abs(hash((name, file, extra)))}"
    call([*HOSTS[name], *BASE, "-Wno-unused-function", f'-DITEMS_FILE="{file}"', *extra, HERE / "host_items.c",
          "-o", target])
    return target


def host(name, item, data, file="items.h", extra=()):
    """What the item gives on host compiler `name`; `extra` flags come last and so win."""
    return run_words([host_program(name, file, tuple(extra))], data, [which(item, file)])


def which(item, file):
    return ITEMS.index(item) if file == "items.h" else 0


def run_words(program, data, after):
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        source, target = Path(folder) / "in.bin", Path(folder) / "out.bin"
        data.tofile(source)
        call([*program, source, target, *after])
        return np.fromfile(target, dtype=np.uint64).reshape(len(data), WORDS)


@functools.lru_cache(maxsize=None)
def flat(file="items.h"):
    """The OpenCL text of the items, whole."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        for header in HERE.glob("*.h"):
            shutil.copy(header, folder)
        shutil.copy(HERE / "opencl_items.cl", folder)
        shutil.copy(HERE / file, Path(folder) / "items_file.h")
        return call([ROOT / "script" / "flatten-pure", Path(folder) / "opencl_items.cl"]).stdout


@functools.lru_cache(maxsize=None)
def opencl_runner():
    target = WORK / "opencl_run"
    call(["gcc", "-std=c17", "-O1", *WARNINGS, HERE / "opencl_run.c", "-lOpenCL", "-o", target])
    return target


def opencl(item, data, file="items.h", edit=lambda text: text, options="-cl-std=CL1.2"):
    with tempfile.NamedTemporaryFile("w", dir=WORK, suffix=".cl") as source:
        source.write(edit(flat(file)))
        source.flush()
        return run_words([opencl_runner(), source.name], data,
                         [which(item, file), WORDS, WORDS, SCRATCH.get(item, 0), options])


def nvcc():
    """The path of nvcc, or None."""
    for place in (os.environ.get("NVCC"), shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc"):
        if place and os.access(place, os.X_OK):
            return place
    return None


def ptx(file="items.h", fmad="false"):
    target = WORK / f"{fmad}.ptx"
    call([nvcc(), "-x", "cu", "-std=c++17", f"-fmad={fmad}", "-prec-div=true", "-prec-sqrt=true", "-ptx",
          "-arch=compute_75", "-diag-suppress=177", f"-I{ROOT}/src", f"-I{ROOT}/src/pure", f"-I{HERE}",
          f'-DITEMS_FILE="{file}"', HERE / "cuda_items.cu", "-o", target])
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
