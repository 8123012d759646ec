"""src/pure compiles as C17 (gcc, clang), CUDA C++ and OpenCL C 1.2 [KRN-01]."""
# time limit: 600 s
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lanes  # noqa: E402


HOST = ["-O3", "-mavx2", "-mfma", "-ffp-contract=off", *lanes.BASE, *lanes.WARNINGS]


@pytest.fixture(scope="module", params=["gcc", "clang"])
def host_object(request, tmp_path_factory):
    """(compiler, the pure rooms compiled once, with every optimisation and every warning an error)"""
    target = tmp_path_factory.mktemp("host") / "all.o"
    done = subprocess.run([str(word) for word in (request.param, *HOST, "-c", lanes.ROOT / "src/pure/all.c", "-o", target)],
                          capture_output=True, text=True)
    return request.param, target, done


def test_all_c_is_clean_c17(host_object):
    compiler, target, done = host_object
    assert done.returncode == 0 and target.exists(), compiler + "\n" + done.stderr[-6000:]


def test_a_warning_in_pure_code_fails(tmp_path):
    planted = tmp_path / "planted.c"
    planted.write_text('#include "num/port.h"\nint keel_planted(int a);\n'
                       'int keel_planted(int a) { double b = a; return (int)1.5f * b; }\n')
    done = subprocess.run(["gcc", *lanes.BASE, *lanes.WARNINGS, "-c", planted, "-o", tmp_path / "x.o"], capture_output=True)
    assert done.returncode != 0


def fused_operations(code):
    text = lanes.call(["objdump", "-d", "--no-show-raw-insn", code]).stdout
    return len(re.findall(r"\bvfn?m(?:add|sub)", text))


def test_no_fused_instruction_in_host_code(host_object, tmp_path):
    """Not even where the processor has them and the compiler may use them; with contraction on there are some."""
    compiler, target, _ = host_object
    assert fused_operations(target) == 0
    fused = tmp_path / "fast.o"
    lanes.call([compiler, "-O2", "-mavx2", "-mfma", "-ffp-contract=fast", *lanes.BASE, "-Wno-unused-function", "-c",
                lanes.ROOT / "src/pure/all.c", "-o", fused])
    assert fused_operations(fused) > 0, "the check could not see a fused instruction"


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
