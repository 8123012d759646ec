"""The suite `journal`: durable records per second beside the floor under them and beside other stores, latency in an open
loop, recovery of a journal and of an engine, an engine's turn without its disk. What script/bench calls for it once the
programs are built.

Every figure is a ratio of runs that alternate on the same file system: the disk is shared, and its syncs vary more than
anything that is compared on it."""
import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import machine
import manifest

OWN = ("raw", "raw-filled", "keel", "keel-plain", "keel-encrypted")
OTHERS = ("sqlite", "lmdb", "rocksdb")
MEANING = {
    "raw": "append + fdatasync of the payload bytes alone: the floor",
    "raw-filled": "the same into a file of zeros made before",
    "keel": "checksums, hash chain, signed checkpoints",
    "keel-plain": "without signatures",
    "keel-encrypted": "AES-256-GCM as well",
    "sqlite": "write-ahead log, synchronous = FULL, one transaction per commit",
    "lmdb": "default commits, keys appended in order, its file filled with zeros before",
    "rocksdb": "one synchronous write batch per commit",
}
FULL = {"batches": {1: 300, 10: 300, 100: 300, 1000: 300, 10000: 60}, "size": 128, "rates": (100_000, 1_000_000), "seconds": 3,
        "syncs": 400, "recover": 10_000_000, "recover_size": 64, "append": 1_000_000,
        "inputs": 10_000_000, "turns": 1_000_000}
TOY = {"batches": {1: 5, 100: 5}, "size": 128, "rates": (2_000,), "seconds": 1, "syncs": 20, "recover": 20_000,
       "recover_size": 64, "append": 5_000, "inputs": 4_000, "turns": 2_000}
# A disk that is lent by share grants bursts, then holds every sync back: a run waits until a sync takes no longer than
# this many times the shortest median seen.
CALM_SYNCS, CALM_RATIO, CALM_PATIENCE_S = 24, 2.0, 45


def arguments(argv):
    parser = argparse.ArgumentParser(prog="script/bench journal", add_help=False)
    parser.add_argument("--programs", required=True, help="folder with keel_journal and, where built, the others")
    parser.add_argument("--keel", required=True)
    parser.add_argument("--flags", required=True)
    parser.add_argument("--folder", help="where to write; default: beside the programs")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--json")
    parser.add_argument("--manifest")
    for flag in ("toy", "busy-ok", "peers"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("--patience", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)  # taken, as all suites do; nothing here is drawn
    parser.add_argument("--core", type=int)
    return parser.parse_args(argv)


class Bench:
    def __init__(self, args):
        self.args, self.programs = args, Path(args.programs)
        self.plan = TOY if args.toy else FULL
        self.parent = Path(args.folder or self.programs)
        self.calmest_us, self.held_back = None, 0

    def run(self, program, *words, folder=None):
        """One run in a folder of its own (or the one given); its line of JSON."""
        own = folder or Path(tempfile.mkdtemp(prefix="journal-", dir=self.parent))
        try:
            named = program in ("keel_journal", "engine_replay")
            before, rest = ([words[0], str(own)], words[1:]) if named else ([str(own)], words)
            done = subprocess.run([self.programs / program, *before, *map(str, rest)], capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"{program} {' '.join(map(str, words))}: {done.stderr.strip()}")
            return json.loads(done.stdout)
        finally:
            if folder is None:
                shutil.rmtree(own)

    def quiet(self):
        if not self.args.busy_ok:
            machine.wait_until_quiet(self.args.patience)

    def calm(self):
        """Wait for the disk as for the processor; how often it stayed as it was is recorded."""
        if self.args.toy:
            return
        end = time.monotonic() + CALM_PATIENCE_S
        while True:
            sync_us = self.run("keel_journal", "sync", CALM_SYNCS)["p50_us"]
            self.calmest_us = min(sync_us, self.calmest_us or sync_us)
            if sync_us <= CALM_RATIO * self.calmest_us:
                return
            if time.monotonic() > end:
                self.held_back += 1
                return
            time.sleep(1)

    def repeat(self, runs):
        """name -> results; the runs alternate, and a first round does not count."""
        results = {name: [] for name in runs}
        for repetition in range(self.args.reps + (not self.args.toy)):
            for name, once in runs.items():
                self.calm()
                self.quiet()
                result = once()
                if repetition or self.args.toy:
                    results[name].append(result)
        return results

    def throughput(self, batch, commits, engines):
        size = self.plan["size"]
        rest_ms = 0 if self.args.toy else 1000  # what was prepared is off the disk's account, for everybody
        runs = {e: (lambda e=e: self.run("keel_journal", e, commits, batch, size, rest_ms)) if e in OWN else
                (lambda e=e: self.run(e, commits, batch, size, rest_ms)) for e in engines}
        rows = {}
        for name, results in self.repeat(runs).items():
            speeds = [r["records"] / r["wall_s"] for r in results]
            rows[name] = {"records_per_s_median": round(statistics.median(speeds)),
                          "records_per_s_min": round(min(speeds)), "records_per_s_max": round(max(speeds)),
                          "records_per_s_runs": [round(speed, 1) for speed in speeds],
                          "cpu_us_per_record_median": round(statistics.median(
                              1e6 * r["cpu_s"] / r["records"] for r in results), 3),
                          "written_per_record": round(statistics.median(r["written"] / r["records"] for r in results), 1)}
        floor = rows["raw"]["records_per_s_median"]
        for row in rows.values():
            row["of_floor"] = round(row["records_per_s_median"] / floor, 3)
            row["keel_over_it"] = round(rows["keel"]["records_per_s_median"] / row["records_per_s_median"], 3)
        return {"batch": batch, "commits": commits, "size": size, "engines": rows}

    def latency(self, rate):
        size = 128 if rate <= 100_000 else 64
        runs = {"sync": lambda: self.run("keel_journal", "sync", self.plan["syncs"]),
                "raw": lambda: self.run("keel_journal", "latency-raw", rate, self.plan["seconds"], size),
                "keel": lambda: self.run("keel_journal", "latency", rate, self.plan["seconds"], size)}
        results = self.repeat(runs)

        def middle(name, key):
            return round(statistics.median(r[key] for r in results[name]), 1)

        row = {"rate": rate, "size": size, "seconds": self.plan["seconds"], "sync_p50_us": middle("sync", "p50_us"),
               "sync_p99_us": middle("sync", "p99_us"), "p50_us": middle("keel", "p50_us"),
               "p99_us": middle("keel", "p99_us"), "p999_us": middle("keel", "p999_us"),
               "raw_p50_us": middle("raw", "p50_us"), "raw_p99_us": middle("raw", "p99_us"),
               "commits": round(statistics.median(r["commits"] for r in results["keel"]))}
        row["p50_over_sync_p50"] = round(row["p50_us"] / row["sync_p50_us"], 2)
        row["p99_over_sync_p50"] = round(row["p99_us"] / row["sync_p50_us"], 2)
        return row

    def append(self):
        """Records put into the next commit one by one, each timed; the commits between them are not."""
        results = self.repeat({"append": lambda: self.run("keel_journal", "append", self.plan["append"],
                                                          self.plan["size"])})["append"]
        return {"records": self.plan["append"], "size": self.plan["size"],
                **{key: round(statistics.median(r[key] for r in results), 3) for key in ("p50_us", "p99_us", "p999_us")}}

    def turn(self):
        """An engine's turn from input to input, by a disk that takes no time."""
        results = self.repeat({"turn": lambda: self.run("engine_replay", "turn", self.plan["turns"])})["turn"]
        return {"inputs": self.plan["turns"],
                **{key: round(statistics.median(r[key] for r in results), 3) for key in ("p50_us", "p99_us", "p999_us")}}

    def engine(self):
        """An engine's journal worked through again, beside reading it and beside the steps alone: equal hashes first."""
        folder = Path(tempfile.mkdtemp(prefix="journal-", dir=self.parent))
        inputs = self.plan["inputs"]
        try:
            made = self.run("engine_replay", "record", inputs, folder=folder)
            results = self.repeat({part: lambda part=part: self.run("engine_replay", part, inputs, folder=folder)
                                   for part in ("read", "step", "replay", "recover")})
        finally:
            shutil.rmtree(folder)
        for part in ("step", "replay", "recover"):
            for r in results[part]:
                if r["state_hash"] != made["state_hash"]:
                    raise RuntimeError(f"{part}: state hash {r['state_hash']}, recorded {made['state_hash']}")
        row = {"inputs": inputs, "records": made["records"], "commands": made["commands"],
               "bytes": results["read"][0]["bytes"]}
        for part, done in results.items():
            row[f"{part}_s"] = round(statistics.median(r["wall_s"] - r.get("making_s", 0) for r in done), 4)
            row[f"{part}_cpu_s"] = round(statistics.median(r["cpu_s"] - r.get("making_cpu_s", 0) for r in done), 4)
        for part in ("replay", "recover"):
            row[f"{part}_over_floor"] = round(row[f"{part}_s"] / (row["read_s"] + row["step_s"]), 2)
            row[f"{part}_cpu_over_floor"] = round(row[f"{part}_cpu_s"] / (row["read_cpu_s"] + row["step_cpu_s"]), 2)
            row[f"{part}_records_per_s"] = round(made["records"] / row[f"{part}_s"])
        return row

    def recovery(self):
        folder = Path(tempfile.mkdtemp(prefix="journal-", dir=self.parent))
        records = self.plan["recover"]
        try:
            self.run("keel_journal", "fill", records, self.plan["recover_size"], folder=folder)
            results = self.repeat({part: lambda part=part: self.run("keel_journal", "recover", part, folder=folder)
                                   for part in ("read", "reader", "inspect")})
        finally:
            shutil.rmtree(folder)
        row = {"records": records, "size": self.plan["recover_size"], "bytes": results["read"][0]["bytes"]}
        for part, done in results.items():
            row[f"{part}_s"] = round(statistics.median(r["wall_s"] for r in done), 4)
        for part in ("reader", "inspect"):
            assert all(r["records"] == records for r in results[part]), "records are missing"
            row[f"{part}_records_per_s"] = round(records / row[f"{part}_s"])
        return row


def command(args):
    return "script/bench journal" + "".join(f" --{f}" for f in ("peers", "toy") if getattr(args, f)) + \
        f" --reps {args.reps}" + " --busy-ok" * args.busy_ok


def rate(value):
    return f"{value:,.0f}"


def lines(record):
    for case in record["throughput"]:
        yield f"**{case['batch']} records per commit**, {case['size']} bytes each, {case['commits']} commits:\n"
        written = all("written_per_record" in row for row in case["engines"].values())  # not in older records
        yield "| engine | records/s, median (min to max) | of the floor | keel is faster by | CPU us/record |" + \
            " bytes written/record |" * written
        yield "|---|---|---|---|---|" + "---|" * written
        for name, row in case["engines"].items():
            yield (f"| {name} | {rate(row['records_per_s_median'])} ({rate(row['records_per_s_min'])} to "
                   f"{rate(row['records_per_s_max'])}) | {row['of_floor']:.2f} | {row['keel_over_it']:.2f} | "
                   f"{row['cpu_us_per_record_median']:.2f} |" +
                   (f" {row['written_per_record']:,.0f} |" if written else ""))
        yield ""
    yield from latency_lines(record["latency"])
    yield from rest_lines(record)


def latency_lines(rows):
    yield "Open loop, from when a record was due to when it was durable, beside fdatasync of 4 KiB alone:\n"
    yield "| records/s | p50 ms | p99 ms | p99.9 ms | sync p50 ms | p50 / sync p50 | p99 / sync p50 | commits |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        yield (f"| {rate(row['rate'])} of {row['size']} bytes | {row['p50_us'] / 1e3:.2f} | {row['p99_us'] / 1e3:.2f} | "
               f"{row['p999_us'] / 1e3:.2f} | {row['sync_p50_us'] / 1e3:.2f} | {row['p50_over_sync_p50']:.1f} | "
               f"{row['p99_over_sync_p50']:.1f} | {row['commits']:,} |")
    for row in rows:
        if "raw_p50_us" in row:  # not in older records
            yield (f"\nThe disk's own share at {rate(row['rate'])}: syncs alone p99 {row['sync_p99_us'] / 1e3:.2f} ms; a bare "
                   f"loop that writes and syncs whatever is due, without a journal, p50 {row['raw_p50_us'] / 1e3:.2f} ms and "
                   f"p99 {row['raw_p99_us'] / 1e3:.2f} ms: keel's p50 is {row['p50_us'] / row['raw_p50_us']:.2f} and its p99 "
                   f"{row['p99_us'] / row['raw_p99_us']:.2f} times that.")


def rest_lines(record):
    a, disk = record.get("append"), record.get("disk", {"runs_held_back": 0})  # not in older records
    if a:
        yield (f"\nA record of {a['size']} bytes into the next commit, without its sync: p50 {a['p50_us']:.2f} us, "
               f"p99 {a['p99_us']:.2f} us, p99.9 {a['p999_us']:.2f} us, the clock's own share included.")
    if disk["runs_held_back"]:
        yield (f"\nThe disk held syncs back before {disk['runs_held_back']} runs, whatever was waited: a sync of 4 KiB took "
               f"more than {CALM_RATIO:.0f} times the {disk['calmest_sync_us'] / 1e3:.2f} ms it takes at best.")
    t, e = record.get("turn"), record.get("engine")
    if t:
        yield (f"\nA turn of the engine with its journal, the disk left out (input appended, summed, hashed, signed when due, "
               f"stepped, its orders appended): p50 {t['p50_us']:.2f} us, p99 {t['p99_us']:.2f} us, "
               f"p99.9 {t['p999_us']:.2f} us.")
    r = record["recovery"]
    yield (f"\nRecovery of {r['records']:,} records of {r['size']} bytes, in the page cache: reading all bytes "
           f"{r['read_s']:.2f} s; every record with its checksum {r['reader_s']:.2f} s "
           f"({r['reader_records_per_s'] / 1e6:.1f} million/s); with chain and signatures {r['inspect_s']:.2f} s "
           f"({r['inspect_records_per_s'] / 1e6:.1f} million/s).\n")
    if e:
        yield (f"An engine's journal of {e['records']:,} records ({e['inputs']:,} inputs, {e['commands']:,} orders, "
               f"{e['bytes'] / 1e6:,.0f} MB): reading all bytes {e['read_s']:.2f} s; the steps alone, without a journal, "
               f"{e['step_s']:.2f} s; replay, every order and mark compared, {e['replay_s']:.2f} s "
               f"({e['replay_records_per_s'] / 1e6:.1f} million/s, {e['replay_over_floor']:.2f} times reading and steps, "
               f"of processor time {e['replay_cpu_over_floor']:.2f} times); a start "
               f"with recovery, chain and signatures included, {e['recover_s']:.2f} s "
               f"({e['recover_records_per_s'] / 1e6:.1f} million/s, {e['recover_over_floor']:.2f} times, of processor time "
               f"{e['recover_cpu_over_floor']:.2f} times).\n")


def main(argv):
    args = arguments(argv)
    if args.reps < 5 and not args.toy:
        print("bench: --reps: a median needs at least 5 repetitions", file=sys.stderr)
        return 2
    bench = Bench(args)
    others = [name for name in OTHERS if args.peers and (bench.programs / name).exists()]
    record = {"schema": "keel.bench", "schema_version": 1, "suite": "journal", "command": command(args),
              "utc": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%MZ"), "machine": machine.describe(),
              "build": machine.keel_build(args.keel), "flags": args.flags, "repetitions": args.reps,
              "pinned_to": "any", "quiet": not args.busy_ok, "meaning": MEANING,
              "not_measured": [name for name in OTHERS if name not in others]}
    try:
        record["throughput"] = [bench.throughput(batch, commits, (*OWN, *others))
                                for batch, commits in bench.plan["batches"].items()]
        record["latency"] = [bench.latency(r) for r in bench.plan["rates"]]
        record["append"] = bench.append()
        record["turn"] = bench.turn()
        record["recovery"] = bench.recovery()
        record["engine"] = bench.engine()
        record["disk"] = {"calmest_sync_us": bench.calmest_us, "runs_held_back": bench.held_back}
    except machine.TooBusy as busy:
        print(f"bench: refused: {busy}: try again on a quiet machine, or pass --busy-ok", file=sys.stderr)
        return 3
    print("\n".join(lines(record)))
    if args.json:
        Path(args.json).write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(manifest.report(record, args.manifest, args.toy)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
