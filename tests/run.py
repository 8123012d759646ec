"""Runs every test of keel, each in its own process under a time limit, and ends with 'N passed, N failed'.

Kinds, by the first part of the name:
  build/   a whole build with warnings as errors: gcc with sanitizers, gcc for release, clang
  unit/    a cmocka program of tests/unit, once in each build
  fuzz/    a libFuzzer target of fuzz/, for a few seconds
  py/, house/, device/   a pytest file of that folder; the program under test is the sanitizer build

A case that is skipped has not been shown and counts as failed, unless its reason says what a machine may truly lack
(runner/kinds.py): that is printed and counted neither way.
"""
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from runner import builds, kinds  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build-test"
WORKERS = 2


def report(result):
    verdict = "FAIL" if result.failed else ("ok" if result.passed else "none")
    print(f"{verdict:4}  {result.name:44} {result.passed:5} passed {result.failed:3} failed {result.seconds:7.1f} s",
          flush=True)
    for reason, count in Counter(reason for reason, _ in result.not_here).items():
        print(f"      not on this machine: {reason} ({count} cases not counted)", flush=True)
    if result.failed:
        for line in result.tail[-15:]:
            print("      | " + line[:200], flush=True)
        print(f"      log: {result.log.relative_to(ROOT)}", flush=True)


def select(tests, words):
    if not words:
        return tests
    chosen = [t for t in tests if any(w in t.name for w in words)]
    for word in words:
        if not any(word in t.name for t in tests):
            print(f"run: no test has '{word}' in its name: see script/test --list", file=sys.stderr)
            return None
    return chosen


def run_all(tests, results):
    with ThreadPoolExecutor(WORKERS) as pool:
        for future in as_completed([pool.submit(t.run) for t in kinds.longest_first(tests)]):
            results.append(future.result())
            report(results[-1])


def keep(results, whole):
    """Writes results.json; a run of some tests replaces what it ran and leaves the rest."""
    path = OUT / "results.json"
    record = {} if whole or not path.exists() else {r["name"]: r for r in json.loads(path.read_text())}
    for r in results:
        record[r.name] = {"name": r.name, "files": r.files, "passed": r.passed, "failed": r.failed,
                          "seconds": round(r.seconds, 2), "not_here": r.not_here}
    path.write_text(json.dumps(list(record.values()), indent=1) + "\n")


def close(results, started):
    failed = [r for r in results if r.failed]
    passed_cases = sum(r.passed for r in results)
    failed_cases = sum(r.failed for r in results)
    away = sum(len(r.not_here) for r in results)
    print()
    for r in sorted(failed, key=lambda r: r.name):
        print(f"failed: {r.name} ({r.log.relative_to(ROOT)})")
    print(f"{len(results)} processes in {time.monotonic() - started:.0f} s; logs in build-test/log"
          + (f"; {away} cases not counted for what is not on this machine" if away else ""))
    if not results:
        failed_cases = 1
        print("run: no test ran, which is a failure")
    print(f"{passed_cases} passed, {failed_cases} failed")
    return 1 if failed_cases else 0


def main(argv):
    unknown = [a for a in argv if a.startswith("-") and a != "--list"]
    if unknown:
        print(f"run: unknown option '{unknown[0]}': see script/test --help", file=sys.stderr)
        return 2
    words = [a for a in argv if not a.startswith("-")]
    os.chdir(ROOT)
    started = time.monotonic()
    context = kinds.Context(ROOT, OUT)
    build_list = builds.plan(context)
    later = kinds.find(context)
    chosen = select(build_list + later, words)
    if chosen is None:
        return 2
    if "--list" in argv:
        print("\n".join(t.name for t in chosen))
        return 0
    results = []
    # A build that a chosen test needs is made, and counts, even when its own name was not asked for.
    needed = {n for t in chosen for n in t.needs} | {t.name for t in chosen}
    for build in build_list:
        if build.name in needed:
            results.append(build.run())
            report(results[-1])
    run_all([t for t in chosen if t not in build_list], results)
    keep(results, whole=not words)
    return close(results, started)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
