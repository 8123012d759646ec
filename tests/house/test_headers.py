"""Each header compiles alone: as C17, and the public and pure ones as C++17 too."""
import os
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror", "-ffp-contract=off", "-D_POSIX_C_SOURCE=200809L"]
C17 = ["gcc", "-std=c17", "-x", "c", *WARNINGS, "-Wstrict-prototypes", "-Wno-unused-function"]
CXX17 = ["clang++", "-std=c++17", "-x", "c++", *WARNINGS, "-Wno-unused-function"]


def compile_alone(header, root, compiler):
    """The compiler's complaint, or ''. Included twice: the guard is part of standing alone."""
    includes = [f"-I{root / d}" for d in ("src", "src/pure", "include")]
    unit = f'#include "{header}"\n#include "{header}"\ntypedef int keel_not_empty;\n'
    done = subprocess.run([*compiler, "-fsyntax-only", *includes, "-"], input=unit, text=True, capture_output=True)
    return "" if done.returncode == 0 else done.stderr


def headers(root, *places):
    return sorted(h for p in places for h in (root / p).rglob("*.h"))


def complaints(root, compiler, *places):
    return [f"{h.relative_to(root)}:\n{text}" for h in headers(root, *places)
            if (text := compile_alone(h, root, compiler))]


def test_every_header_compiles_alone_as_c17():
    assert headers(ROOT, "src"), "no header was found"
    found = complaints(ROOT, C17, "src", "include")
    assert not found, "\n".join(found)


def test_pure_and_public_headers_compile_alone_as_cxx17():
    found = complaints(ROOT, CXX17, "src/pure", "include")
    assert not found, "\n".join(found)


def test_planted_headers_are_caught(tmp_path):
    folder = tmp_path / "src" / "pure"
    folder.mkdir(parents=True)
    (folder / "leans.h").write_text("#ifndef A_H\n#define A_H\nint64_t keel_x(void);\n#endif\n")
    (folder / "unguarded.h").write_text("typedef struct keel_s { int a; } keel_s;\n")
    (folder / "c_only.h").write_text("#ifndef B_H\n#define B_H\nint keel_y(int a[restrict 2]);\n#endif\n")
    (folder / "good.h").write_text("#ifndef C_H\n#define C_H\n#include <stdint.h>\nint64_t keel_x(void);\n#endif\n")
    as_c = "\n".join(complaints(tmp_path, C17, "src"))
    assert "leans.h" in as_c and "unguarded.h" in as_c and "good.h:" not in as_c
    assert "c_only.h" in "\n".join(complaints(tmp_path, CXX17, "src"))
