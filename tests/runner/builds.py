"""The builds that tests use. Each is a test itself: warnings are errors."""
import re

from . import process

# name: (compiler, options of meson setup). Of debug information only what a sanitizer's trace names, files and lines, is
# made: the rest is a fifth of the compiling. Sanitized code is optimised little: at -O3 gcc 12 takes the sanitizer's own
# branches for ways a pointer could be null, and warns. clang takes the processor's own instructions, so that the two builds
# that are optimised differ in as much as builds may (tests/py/test_determinism.py).
BUILDS = {
    "san": ("gcc", ["-Dstrict=true", "-Dtests=true", "-Doptimization=1", "-Db_sanitize=address,undefined",
                    "-Dc_args=-fno-sanitize-recover=all -fno-omit-frame-pointer -g1"]),
    "release": ("gcc", ["-Dstrict=true", "-Dtests=true"]),
    "clang": ("clang", ["-Dstrict=true", "-Dtests=true", "-Ddebug=false", "-Dc_args=-march=native"]),
    "fuzz": ("clang", ["-Dstrict=true", "-Dfuzzers=true", "-Doptimization=1", "-Db_lundef=false",
                       "-Db_sanitize=address,undefined", "-Dc_args=-fno-sanitize-recover=all -fsanitize=fuzzer-no-link -g1"]),
}
LIMIT_S = 900
TELLING = re.compile(r"\b(?:error|ERROR):|^FAILED:|undefined reference")


class Build:
    needs = ()

    def __init__(self, context, key):
        self.context, self.key = context, key
        self.name = "build/" + key

    def run(self):
        compiler, options = BUILDS[self.key]
        folder = self.context.out / self.key
        log = self.context.new_log(self.name)
        env = dict(self.context.env, CC=compiler)
        result = process.Result(self.name, log, files=["meson.build"])
        setup = ["meson", "setup", folder, self.context.root, *options]
        if (folder / "build.ninja").exists():
            setup.append("--reconfigure")
        status, seconds, text = process.run(setup, log, env, LIMIT_S, self.context.root)
        result.seconds += seconds
        if status == 0:
            # One broken file must not hide what the others say.
            status, seconds, text = process.run(["ninja", "-k", "0", "-C", folder], log, env, LIMIT_S, self.context.root)
            result.seconds += seconds
        result.passed, result.failed = (1, 0) if status == 0 else (0, 1)
        result.tail = [l for l in text.splitlines() if TELLING.search(l)] or text.splitlines()
        return result


def plan(context):
    keys = ["san", "release", "clang"]
    if (context.root / "fuzz" / "meson.build").exists():
        keys.append("fuzz")
    return [Build(context, key) for key in keys]
