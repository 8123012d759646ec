"""Finds the tests and knows how each kind is run and counted."""
import os
import re
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path

from . import process

# A skip whose reason begins so is stated and counted neither way; any other skip is a failure. The second may only be
# said where the folder shared/ is not beside the checkout.
NOT_HERE = "not on this machine: "
NO_SHARED = "shared/ is absent"
UNIT_BUILDS = ("san", "release", "clang")
UNIT_LIMIT_S = 180
PYTEST_LIMIT_S = 420
FUZZ_LIMIT_S = 180
FUZZ_RUNS = re.compile(r"^/\* runs in script/test: (\d+) \*/$", re.M)


class Context:
    """Folders and the environment that every test gets."""

    def __init__(self, root, out):
        self.root, self.out = root, out
        self.log = out / "log"
        self.log.mkdir(parents=True, exist_ok=True)
        for name in ("tmp", "pocl"):
            (out / name).mkdir(exist_ok=True)
        self.env = self._environment()

    def _environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("KEEL_")}
        env.update(
            LC_ALL="C.UTF-8", TZ="UTC", PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(self.out / "tmp"),
            KEEL_ROOT=str(self.root), KEEL_OUT=str(self.out),
            KEEL_BIN=str(self.program("san")), KEEL_BIN_RELEASE=str(self.program("release")),
            KEEL_BIN_CLANG=str(self.program("clang")),
            POCL_CACHE_DIR=str(self.out / "pocl"), MPLBACKEND="Agg",
            ASAN_OPTIONS="abort_on_error=1:detect_stack_use_after_return=1",
            UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
            LSAN_OPTIONS=f"suppressions={self.root}/tests/device/lsan.supp:print_suppressions=0",
        )
        shared = self.root.parent / "shared"
        if shared.is_dir():
            env["KEEL_SHARED"] = str(shared)
            env["KEEL_SHARED_DATA"] = str(shared / "data")
        return env

    def program(self, key):
        return self.out / key / "src" / "app" / "keel"

    def new_log(self, name):
        path = self.log / (re.sub(r"[^A-Za-z0-9._-]+", "_", name) + ".log")
        path.unlink(missing_ok=True)
        return path


class Unit:
    def __init__(self, context, source, key):
        self.context, self.source, self.key = context, source, key
        self.name = f"unit/{source.stem} [{key}]"
        self.needs = ("build/" + key,)

    def run(self):
        program = self.context.out / self.key / "tests" / f"unit_{self.source.stem}"
        result = process.Result(self.name, self.context.new_log(self.name),
                                files=[str(self.source.relative_to(self.context.root))])
        # An old program whose source no longer compiles must not pass for the new one.
        if not program.exists() or program.stat().st_mtime < self.source.stat().st_mtime:
            result.failed = 1
            result.log.write_text("not built from its present source: see the build's log\n")
            result.tail = ["not built from its present source"]
            return result
        status, result.seconds, text = process.run([program], result.log, self.context.env, self.limit(),
                                                   self.context.root)
        result.passed = len(re.findall(r"^\[       OK \]", text, re.M))
        result.failed = len(set(re.findall(r"^\[  FAILED  \] (\w+)$", text, re.M)))
        skipped = len(set(re.findall(r"^\[  SKIPPED \] (\w+)$", text, re.M)))
        result.failed += skipped
        if (status != 0 or result.passed == 0) and result.failed == 0:
            result.failed = 1
        result.tail = [l for l in text.splitlines() if re.search(r"ERROR|LINE  |FAILED|stopped:|runtime error", l)] \
            or text.splitlines()
        return result

    @staticmethod
    def limit():
        return UNIT_LIMIT_S


class Pytest:
    needs = ("build/san", "build/release")

    def __init__(self, context, source):
        self.context, self.source = context, source
        folder = source.parent.name
        self.name = f"{folder}/{source.stem.removeprefix('test_')}"
        if folder != "py":
            self.needs = ()
        said = re.search(r"^# needs: build/(\w+)$", source.read_text(), re.M)
        if said:
            self.needs += ("build/" + said.group(1),)

    def run(self):
        log = self.context.new_log(self.name)
        report = log.with_suffix(".xml")
        report.unlink(missing_ok=True)
        python = self.context.out / "venv" / "bin" / "python"
        result = process.Result(self.name, log, files=[str(self.source.relative_to(self.context.root))])
        argv = [python, "-m", "pytest", "-q", "-rs", "--tb=short", "-p", "no:cacheprovider", "-c",
                self.context.root / "tests" / "pytest.ini", f"--junitxml={report}", self.source]
        status, result.seconds, text = process.run(argv, log, self.context.env, self.limit(), self.context.root)
        self.count(report, result, (NOT_HERE,) if "KEEL_SHARED" in self.context.env else (NOT_HERE, NO_SHARED))
        # 1 is "a case failed"; anything else non-zero is a crash, a time-out or an empty file.
        if status not in (0, 1) or (status == 1 and result.failed == 0) or \
                (result.passed == 0 and result.failed == 0 and not result.not_here):
            result.failed += 1
        result.tail = [l for l in text.splitlines() if re.match(r"(FAILED|ERROR|SKIPPED|E  |\S+:\d+:|stopped)", l)] \
            or text.splitlines()
        return result

    def limit(self):
        said = re.search(r"^# time limit: (\d+) s$", self.source.read_text(), re.M)
        return int(said.group(1)) if said else PYTEST_LIMIT_S

    @staticmethod
    def count(report, result, excuses):
        try:
            cases = list(xml.parse(report).getroot().iter("testcase"))
        except (OSError, xml.ParseError):
            return
        for case in cases:
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                result.failed += 1
            elif skip is None:
                result.passed += 1
            elif (skip.get("message") or "").startswith(excuses):
                result.not_here.append((skip.get("message").removeprefix(NOT_HERE), case.get("name")))
            else:
                result.failed += 1


class Fuzz:
    """A fixed number of inputs from a fixed seed: what passes here passes elsewhere. script/fuzz looks further."""
    needs = ("build/fuzz",)

    def __init__(self, context, source):
        self.context, self.source = context, source
        self.name = "fuzz/" + source.stem

    def run(self):
        target = self.context.out / "fuzz" / "fuzz" / self.source.stem
        runs = FUZZ_RUNS.search(self.source.read_text())
        result = process.Result(self.name, self.context.new_log(self.name),
                                files=[str(self.source.relative_to(self.context.root))])
        if not target.exists() or target.stat().st_mtime < self.source.stat().st_mtime:
            result.failed = 1
            result.log.write_text("not built from its present source: see the build's log\n")
            result.tail = ["not built from its present source"]
            return result
        if not runs:
            result.failed = 1
            result.tail = ["says nowhere how many inputs: it needs a line /* runs in script/test: 5000 */"]
            return result
        scratch = self.context.out / "tmp" / ("corpus_" + self.source.stem)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        seeds = self.context.root / "fuzz" / "corpus" / self.source.stem.removeprefix("fuzz_")
        argv = [target, f"-runs={runs.group(1)}", "-seed=1", "-reload=0", "-timeout=10", "-rss_limit_mb=2048",
                f"-artifact_prefix={self.context.log}/", scratch] + ([seeds] if seeds.is_dir() else [])
        status, result.seconds, text = process.run(argv, result.log, self.context.env, self.limit(), self.context.root)
        # A target that stopped before it ran an input has shown nothing.
        ran = re.search(r"^Done (\d+) runs", text, re.M)
        shown = status == 0 and ran is not None and int(ran.group(1)) > 0
        result.passed, result.failed = (1, 0) if shown else (0, 1)
        result.tail = text.splitlines()
        return result

    @staticmethod
    def limit():
        return FUZZ_LIMIT_S


def longest_first(tests):
    """By what each may take, so that no long one is left to run alone at the end; those alike in the order they came."""
    return sorted(tests, key=lambda test: -test.limit())


def find(context):
    tests = Path(context.root / "tests")
    found = []
    for folder in ("house", "device"):
        found += [Pytest(context, f) for f in sorted((tests / folder).glob("test_*.py"))]
    for source in sorted((tests / "unit").glob("*.c")):
        found += [Unit(context, source, key) for key in UNIT_BUILDS]
    found += [Pytest(context, f) for f in sorted((tests / "py").glob("test_*.py"))]
    if (context.root / "fuzz" / "meson.build").exists():
        found += [Fuzz(context, f) for f in sorted((context.root / "fuzz").glob("fuzz_*.c"))]
    return found
