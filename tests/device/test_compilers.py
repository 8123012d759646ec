"""src/pure compiles as C17 (gcc, clang), CUDA C++ and OpenCL C 1.2 [KRN-01]."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lanes  # noqa: E402

ITEMS = lanes.items()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_all_c_is_clean_c17(compiler, level, tmp_path):
    lanes.call([compiler, level, "-ffp-contract=off", *lanes.BASE, *lanes.WARNINGS, "-c", lanes.ROOT / "src/pure/all.c",
                "-o", tmp_path / "all.o"])


def test_a_warning_in_pure_code_fails(tmp_path):
    planted = tmp_path / "planted.c"
    planted.write_text('#include "all.c"\nint keel_planted(int a);\nint keel_planted(int a) { double b = a; return (int)1.5f * b; }\n')
    done = subprocess.run(["gcc", *lanes.BASE, *lanes.WARNINGS, "-c", planted, "-o", tmp_path / "x.o"], capture_output=True)
    assert done.returncode != 0


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_fused_instruction_in_host_code(compiler, tmp_path):
    """Not even where the processor has them and the compiler may use them; with contraction on there are some."""
    counts = {}
    for mode in ("off", "fast"):
        target = tmp_path / f"{mode}.o"
        lanes.call([compiler, "-O3", "-mavx2", "-mfma", f"-ffp-contract={mode}", *lanes.BASE, "-Wno-unused-function",
                    '-DITEM_FILE="item_num.h"', "-c", lanes.HERE / "host_item.c", "-o", target])
        code = lanes.call(["objdump", "-d", "--no-show-raw-insn", target]).stdout
        counts[mode] = len(re.findall(r"\bvfn?m(?:add|sub)", code))
    assert counts["off"] == 0
    assert counts["fast"] > 0, "the check could not see a fused instruction"


@pytest.mark.skipif(lanes.nvcc() is None, reason="not on this machine: nvcc")
@pytest.mark.parametrize("item", ITEMS)
def test_cuda_has_no_fused_operation(item):
    text = lanes.ptx(item)
    assert ".visible .entry keel_test_kernel" in text
    assert re.findall(r"\bfma\.\w+\.f(?:32|64)", text) == []
    assert not re.search(r"\b(?:div|sqrt)\.(?:approx|full)", text)
    assert not re.search(r"\.ftz\b", text)


@pytest.mark.skipif(lanes.nvcc() is None, reason="not on this machine: nvcc")
def test_cuda_check_sees_a_fused_operation():
    assert re.findall(r"\bfma\.rn\.f64", lanes.ptx("contract", fmad="true"))


@pytest.mark.parametrize("standard", ["CL1.2", "CL3.0"])
def test_opencl_builds_and_runs(standard):
    data = lanes.inputs("num", 10, seed=1)
    assert lanes.opencl("num", data, options=f"-cl-std={standard}").shape == (10, lanes.words("num")[1])


def test_opencl_text_is_whole():
    """The text a device compiler gets has no include left that it would have to find, and names each source."""
    text = lanes.flat("num")
    assert not re.search(r'^\s*#\s*include\s*"', text, re.M)
    for body in re.findall(r'^#include "(\S+\.c)"', (lanes.ROOT / "src/pure/all.c").read_text(), re.M):
        assert text.count(f'#line 1 "src/pure/{body}"') == 1, body


def test_a_broken_opencl_source_fails():
    data = lanes.inputs("num", 10, seed=1)
    with pytest.raises(AssertionError, match="does not build"):
        lanes.opencl("num", data, edit=lambda text: text.replace("keel_item(mine, result);", "keel_item(in, out);"))
