"""keel's side of CUDA without a GPU: the drivers' interface is played by tests/device/fake_cuda.c, whose kernels are the
device text as the host's compiler makes it; where nvcc stands, that text is compiled to PTX and looked at [SWP-04.3]."""
# time limit: 300 s
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import data_tool as tool

ROOT = Path(__file__).resolve().parents[2]
LIMITS = ("-DKEEL_SYMBOLS_MAX=2", "-DKEEL_UNIVERSE_MAX=2", "-DKEEL_SLEEVES_MAX=1", "-DKEEL_SIGNAL_WINDOW_MAX=512",
          "-DKEEL_SIGNAL_SPEC_MAX=32")
CROSS = ("--strategy", "ema_cross", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h", "--detail", "5m", "--param",
         "fast=4:12:4", "--param", "slow=30:90:30")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A store, and a folder with both libraries."""
    folder = tmp_path_factory.mktemp("cuda")
    tool.keel("data", "synth", "--store", folder / "store", "--symbols", "BTCUSDT,ETHUSDT", "--interval", "5m", "--days", 30,
              "--also", "1h", "--seed", 9)
    (folder / "lib").mkdir()
    subprocess.run(["gcc", "-std=c17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing", "-shared", "-fPIC",
                    "-fvisibility=hidden", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wno-unused-function", *LIMITS,
                    f"-I{ROOT}/src", f"-I{ROOT}/src/pure", ROOT / "tests/device/fake_cuda.c", "-o",
                    folder / "lib/libcuda.so.1"], check=True)
    shutil.copy(folder / "lib/libcuda.so.1", folder / "lib/libnvrtc.so.13")
    return folder


def run(places, folder, *more, code=0, **env):
    """A sweep with the played libraries; its document, or the line of its refusal."""
    words = [os.environ["KEEL_BIN_RELEASE"], "sweep", "run", "--store", places / "store", "--sweeps", folder, "--ledger",
             str(folder) + ".ledger", *CROSS, *more, "--json"]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=200,
                          env=dict(os.environ, LD_LIBRARY_PATH=str(places / "lib"), **env))
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def rows(document):
    return Path(document["trials_file"]).read_bytes()


def test_the_processors_file(places, tmp_path):
    """[SWP-02.1] [SWP-06.1] Records, memory, launches and answers pass through the driver's interface unharmed."""
    here, there = run(places, tmp_path / "cpu"), run(places, tmp_path / "cuda", "--device", "cuda")
    assert there["device"] == "cuda" and there["device_name"] == "Fake GPU"
    assert rows(here) == rows(there) and here["trials"] == 9


def test_a_compiler_that_changes_arithmetic_is_refused(places, tmp_path):
    """[SWP-04.3] A fused multiply-add in the PTX ends the sweep before the device gets it."""
    line = run(places, tmp_path / "s", "--device", "cuda", "--device-fallback", "cpu", code=6, FAKE_FUSES="1")
    assert "fma.rn.f64" in line


@pytest.mark.parametrize("env,words,code", [
    ({"FAKE_LOST": "1"}, "CUDA_ERROR_ILLEGAL_ADDRESS", 1), ({"FAKE_LOST": "3"}, "CUDA_ERROR_ILLEGAL_ADDRESS", 1),
    ({"FAKE_REFUSES": "1"}, "error: planted", 2), ({"FAKE_NONE": "1"}, "no device", 4)])
def test_a_device_that_cannot_is_said_or_replaced(places, tmp_path, env, words, code):
    """[SWP-02.5]"""
    assert words in run(places, tmp_path / "s", "--device", "cuda", code=code, **env)
    whole = rows(run(places, tmp_path / "cpu"))
    document = run(places, tmp_path / "t", "--device", "cuda", "--device-fallback", "cpu", **env)
    assert rows(document) == whole
    assert (document["device"] == "cpu") == (env.get("FAKE_NONE") == "1")
    assert env.get("FAKE_NONE") or words in document["device_lost"]


def nvcc():
    for place in (os.environ.get("NVCC"), shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc"):
        if place and os.access(place, os.X_OK):
            return place
    return None


@pytest.mark.skipif(nvcc() is None, reason="not on this machine: nvcc")
def test_the_device_text_has_no_fused_operation(tmp_path):
    """[SWP-04.3] [SWP-06.1] The whole device text, and that the look can see one when contraction is on."""
    text = tmp_path / "unit.cu"
    text.write_text(subprocess.run([ROOT / "script/flatten-pure", ROOT / "src/device/unit.c"], capture_output=True, text=True,
                                   check=True).stdout)
    found = {}
    for mode in ("false", "true"):
        target = tmp_path / f"{mode}.ptx"
        subprocess.run([nvcc(), "-x", "cu", "-std=c++17", f"-fmad={mode}", "-prec-div=true", "-prec-sqrt=true", "-ftz=false",
                        "-ptx", "-arch=compute_75", "-w", *LIMITS, text, "-o", target], check=True)
        ptx = target.read_text()
        assert ".entry keel_device_run" in ptx and ".entry keel_device_layout" in ptx
        found[mode] = re.findall(r"\bfma\.\w+\.f(?:32|64)", ptx)
        assert not re.search(r"\b(?:div|sqrt|rcp)\.(?:approx|full)", ptx) and not re.search(r"\.ftz\b", ptx)
    assert found["false"] == [] and found["true"]
