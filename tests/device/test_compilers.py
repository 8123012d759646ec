"""src/pure compiles as C17 (gcc, clang), CUDA C++ and OpenCL C 1.2 [KRN-01]."""
# time limit: 600 s
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lanes  # noqa: E402


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_all_c_is_clean_c17(compiler, tmp_path):
    lanes.call([compiler, "-O2", "-ffp-contract=off", *lanes.BASE, *lanes.WARNINGS, "-c", lanes.ROOT / "src/pure/all.c",
                "-o", tmp_path / "all.o"])


def test_a_warning_in_pure_code_fails(tmp_path):
    planted = tmp_path / "planted.c"
    planted.write_text('#include "num/port.h"\nint keel_planted(int a);\n'
                       'int keel_planted(int a) { double b = a; return (int)1.5f * b; }\n')
    done = subprocess.run(["gcc", *lanes.BASE, *lanes.WARNINGS, "-c", planted, "-o", tmp_path / "x.o"], capture_output=True)
    assert done.returncode != 0


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_fused_instruction_in_host_code(compiler, tmp_path):
    """Not even where the processor has them and the compiler may use them; with contraction on there are some."""
    counts = {}
    for mode in ("off", "fast"):
        target = tmp_path / f"{mode}.o"
        lanes.call([compiler, "-O3", "-mavx2", "-mfma", f"-ffp-contract={mode}", *lanes.BASE, "-Wno-unused-function",
                    "-c", lanes.ROOT / "src/pure/all.c", "-o", target])
        code = lanes.call(["objdump", "-d", "--no-show-raw-insn", target]).stdout
        counts[mode] = len(re.findall(r"\bvfn?m(?:add|sub)", code))
    assert counts["off"] == 0
    assert counts["fast"] > 0, "the check could not see a fused instruction"


@pytest.mark.skipif(lanes.nvcc() is None, reason="not on this machine: nvcc")
def test_cuda_has_no_fused_operation():
    text = lanes.ptx()
    assert ".visible .entry keel_test_kernel" in text
    assert re.findall(r"\bfma\.\w+\.f(?:32|64)", text) == []
    assert not re.search(r"\b(?:div|sqrt)\.(?:approx|full)", text)
    assert not re.search(r"\.ftz\b", text)


@pytest.mark.skipif(lanes.nvcc() is None, reason="not on this machine: nvcc")
def test_cuda_check_sees_a_fused_operation():
    assert re.findall(r"\bfma\.rn\.f64", lanes.ptx("contract.h", fmad="true"))


def test_opencl_text_is_whole():
    """The text a device compiler gets has no include left that it would have to find, and names each source once."""
    text = lanes.flat("opencl_items.cl", "items.h")
    assert not re.search(r'^\s*#\s*include\s*"', text, re.M)
    bodies = re.findall(r'^#include "(\S+\.c)"', (lanes.ROOT / "src/pure/all.c").read_text(), re.M)
    assert len(bodies) > 10
    for body in bodies:
        assert text.count(f'#line 1 "src/pure/{body}"') == 1, body


def test_every_pure_body_is_in_the_unit():
    """A file that all.c forgets would be compiled nowhere."""
    bodies = set(re.findall(r'^#include "(\S+\.c)"', (lanes.ROOT / "src/pure/all.c").read_text(), re.M))
    there = {p.relative_to(lanes.ROOT / "src/pure").as_posix() for p in (lanes.ROOT / "src/pure").rglob("*.c")}
    assert there - bodies == {"all.c"}


def test_a_broken_opencl_source_fails():
    data = lanes.inputs(None, 10, seed=1)
    with pytest.raises(AssertionError, match="does not build"):
        lanes.opencl(data, file="contract.h", edit=lambda text: text.replace("(mine, result)", "(in, out)"))
