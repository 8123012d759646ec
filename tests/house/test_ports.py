"""Rooms above the seams reach the machine through src/port and no other way [ENG-01.4]."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
FREE = ("src/pure", "src/simd", "src/port")  # pure text has nothing to reach; port is the way
PRINTS = ("src/app",)  # the terminal is its work
# Files that reach the machine themselves, by reason. A run that trades, and what it keeps, is not among them.
EXCEPTIONS = {
    "writes the files that a person asked for, whole or not at all": """
        base/file.c app/cli/backtest_folder.c app/cli/backtest_place.c app/cli/backtest_run.c app/cli/backtest_trials.c app/cli/data_export.c app/cli/diff_side.c
        app/cli/init.c app/cli/report_subject.c app/cli/strategy_list.c app/cli/strategy_new.c app/cli/strategy_source.c
        app/cli/sweep_folder.c app/cli/sweep_rows.c app/cli/sweep_run.c app/cli/sweep_shard.c app/cli/folders.c app/cli/trade_paper.c
        ops/report/folder.c""",
    "looks at the machine it runs on, its memory, its processors, its home": """
        base/machine.c app/cli/backtest_manifest.c app/cli/cli_home.c app/cli/cli_progress.c app/cli/doctor_devices.c app/cli/doctor_home.c
        app/cli/doctor_machine.c""",
    "counters beside a run's journal, in SQLite: shown and held against it, and no decision reads them": """
        ops/state/store.c""",
    "the name of the person who gives an order, for its record": "app/cli/audit_common.c",
    "a multiplier that the specification puts into the environment; the verb reads a finished run": "app/cli/validate_foreign.c",
    "the last line before an assertion ends the program": "base/err.c",
    "data at rest: mapped into memory, guarded by SQLite, never written by a run that trades": """
        edge/data/cache.c edge/data/columns.c edge/data/import_files.c edge/data/lines.c edge/data/series.c
        edge/data/store.c app/cli/data_import.c""",
    "runs a compiler and a user's code in a process of its own, under a system-call filter": """
        kernel/compile.c kernel/guard.c kernel/guard_child.c""",
    "strategies of a run side by side, each in a process of its own": "app/cli/paper_group.c",
    "research: processes, threads and files of many runs; research cannot trade": """
        research/cluster/process.c research/cluster/slurm.c research/sweep/ledger.c research/sweep/rows_file.c
        research/sweep/runner.c research/sweep/shard.c app/cli/sweep_cluster.c app/cli/sweep_worker.c""",
    "the signals of a terminal for verbs that do not trade": "app/cli/cli.c",
}
# Headers of the system: files, clocks, signals, processes, sockets. Threads and the C library are not effects.
SYSTEM = re.compile(r"^\s*#\s*include\s*<((?:sys/|net|arpa/|linux/)[^>]*|(?:unistd|fcntl|dirent|time|signal|poll|sched|"
                    r"termios|pwd|grp|syslog|aio|mqueue|ftw|glob|spawn)\.h)>", re.M)
# Parts of stdio.h and stdlib.h that are effects: text into memory is not.
CALLS = re.compile(r"(?<![\w.>])(fopen|freopen|fdopen|tmpfile|remove|rename|system|popen|getenv|printf|puts|putchar|"
                   r"fprintf|fputs|fwrite|fread|exit|rand|srand)\s*\(")
PRINTING = {"printf", "puts", "putchar", "fprintf", "fputs", "fwrite"}


def strip(text):
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def excepted():
    return {"src/" + name: reason for reason, names in EXCEPTIONS.items() for name in names.split()}


def effects(root, source):
    text, name = source.read_text(), source.relative_to(root).as_posix()
    calls = [m[1] for m in CALLS.finditer(strip(text))]
    if name.startswith(PRINTS):
        calls = [c for c in calls if c not in PRINTING]
    return [f"<{m[1]}>" for m in SYSTEM.finditer(text)] + [c + "()" for c in calls]


def problems(root, known=()):
    found = []
    for source in sorted((root / "src").rglob("*.[ch]")):
        name = source.relative_to(root).as_posix()
        if not name.startswith(FREE) and name not in known:
            found += [f"{name}: {e}: reach it through src/port, or say in {Path(__file__).name} why not"
                      for e in effects(root, source)]
    return found


def test_rooms_above_the_seams_use_them():
    assert list((ROOT / "src" / "journal").glob("*.c"))
    found = problems(ROOT, excepted())
    assert not found, "\n".join(found)


def test_a_run_that_trades_has_no_exception():
    rooms = ("src/journal/", "src/engine/", "src/edge/sim/", "src/edge/venue/")
    assert not [name for name in excepted() if name.startswith(rooms)]


def test_exceptions_are_needed():
    idle = [n for n in excepted() if not (ROOT / n).exists() or not effects(ROOT, ROOT / n)]
    assert not idle, "\n".join(f"{n}: no exception is needed any more" for n in idle)


def test_planted_effects_are_caught(tmp_path):
    folder = tmp_path / "src" / "journal"
    folder.mkdir(parents=True)
    (folder / "a.c").write_text("#include <unistd.h>\n#include <sys/stat.h>\n#include <time.h>\n#include <string.h>\n"
                                'int f(void) { return fs->rename(x, "exit(1)") + fopen("a", "r"); } /* system() */\n')
    assert len(problems(tmp_path)) == 4
