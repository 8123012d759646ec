"""Runs a benchmark suite: what script/bench calls once the programs and the peers' environments are in place."""
import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import bar
import core
import ind
import machine
import manifest
import stages
import sweep
from case import EVERY
from engines import ENGINES


@dataclass(frozen=True)
class Plan:
    peers: tuple
    repetitions: int
    seed: int
    core: int
    needs_quiet: bool
    patience_s: float
    given: tuple = ()  # engines that can take the signals ready made


def arguments(argv):
    parser = argparse.ArgumentParser(prog="script/bench", add_help=False)
    parser.add_argument("suite", choices=["bar", "core", "ind", "stages", "sweep"])
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json")
    parser.add_argument("--manifest")
    parser.add_argument("--cases", type=lambda text: [int(word) for word in text.split(",")])
    parser.add_argument("--toy", action="store_true")
    parser.add_argument("--busy-ok", action="store_true")
    parser.add_argument("--patience", type=float, default=120.0)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--keel", required=True)
    parser.add_argument("--keel-inner", required=True)
    parser.add_argument("--keel-core")
    parser.add_argument("--plain")
    parser.add_argument("--library")
    parser.add_argument("--measure", required=True)
    parser.add_argument("--flags", required=True)
    parser.add_argument("--python-of", action="append", default=[], metavar="PEER=PYTHON")
    parser.add_argument("--not-measured", action="append", default=[], metavar="PEER=WHY")
    return parser.parse_args(argv)


def header(args, plan):
    return {
        "schema": "keel.bench", "schema_version": 1, "suite": args.suite,
        "command": command(args),
        "utc": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%MZ"), "machine": machine.describe(),
        "build": machine.keel_build(args.keel), "flags": args.flags, "pinned_to": plan.core,
        "repetitions": plan.repetitions, "seed": plan.seed,
        "quiet": plan.needs_quiet, "peers": list(plan.peers),
        "not_measured": not_measured(args, plan),
    }


def not_measured(args, plan):
    """Peer name -> why it has no figures."""
    named = dict(pair.split("=", 1) for pair in args.not_measured)
    if args.suite == "ind":
        return named | ({} if args.peers else {name: "not asked for" for name in (*ind.PEERS, ind.STREAMING)})
    return named | {name: "not asked for" for name in EVERY if name not in plan.peers and name not in named}


def command(args):
    words = ["script/bench", args.suite, "--reps", str(args.reps), "--seed", str(args.seed)]
    words += [f"--{name}" for name in ("peers", "toy") if getattr(args, name)] + (["--busy-ok"] * args.busy_ok)
    words += ["--cases", ",".join(map(str, args.cases))] if args.cases else []
    return " ".join(words)


def run_bar(args, plan, pythons, keep):
    cases, chosen = [], bar.CASES["toy" if args.toy else "full"]
    for case in [chosen[index] for index in args.cases] if args.cases else chosen:
        with tempfile.TemporaryDirectory(prefix="keel-bench-") as folder:
            setup = bar.Setup(case, Path(folder), args.keel, args.keel_inner, args.plain, args.measure, pythons)
            cases.append(bar.run_case(setup, plan))
        bar.print_case(cases[-1])
        sys.stdout.flush()
        keep({"cases": cases})  # a run of an hour that is cut short has measured something
    return {"cases": cases}


def run_core(args, plan, _pythons, _keep):
    with tempfile.TemporaryDirectory(prefix="keel-bench-") as folder:
        figures = core.measure(args.keel_core, Path(folder), plan, "toy" if args.toy else "full")
    core.show(figures)
    return {"core": figures}


def run_stages(args, plan, _pythons, _keep):
    with tempfile.TemporaryDirectory(prefix="keel-bench-") as folder:
        figures = stages.measure(args.keel, args.keel_inner, args.plain, Path(folder), plan, "toy" if args.toy else "full")
    stages.show(figures)
    return figures


def run_ind(args, plan, pythons, _keep):
    figures = ind.measure(args.library, pythons.get("TA-Lib", sys.executable), pythons.get(ind.STREAMING), plan,
                          "toy" if args.toy else "full")
    ind.show(figures)
    return figures


def run_sweep(args, plan, pythons, _keep):
    with tempfile.TemporaryDirectory(prefix="keel-bench-") as folder:
        figures = sweep.measure(args.keel, args.keel_inner, args.measure, pythons, Path(folder), plan,
                                "toy" if args.toy else "full")
    sweep.show(figures)
    return figures


SUITES = {"bar": run_bar, "core": run_core, "ind": run_ind, "stages": run_stages, "sweep": run_sweep}


def write(args, record):
    if args.json:
        Path(args.json).write_text(json.dumps(record, indent=1) + "\n")


def main(argv):
    args = arguments(argv)
    pythons = dict(pair.split("=", 1) for pair in args.python_of)
    peers = tuple(name for name in (ind.PEERS if args.suite == "ind" else EVERY) if name in pythons) if args.peers else ()
    if args.reps < 5 and not args.toy:
        print("bench: --reps: a median needs at least 5 repetitions", file=sys.stderr)
        return 2
    plan = Plan(peers, args.reps, args.seed, args.core, not args.busy_ok, args.patience,
                tuple(name for name in peers if name in ENGINES and ENGINES[name].GIVEN))
    record = header(args, plan)
    print("\n".join(f"{key}: {value}" for key, value in record.items() if key != "schema"))
    if args.busy_ok:
        print("The machine need not be quiet: only the ratios of one line block compare, not the seconds.")
    try:
        record |= SUITES[args.suite](args, plan, pythons, lambda part: write(args, record | part))
    except machine.TooBusy as busy:
        print(f"bench: refused: {busy}: try again on a quiet machine, or pass --busy-ok", file=sys.stderr)
        return 3
    write(args, record)
    print("\n" + "\n".join(manifest.report(record, args.manifest, args.toy)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
