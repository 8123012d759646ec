"""The performance manifest: of each stage that was measured percentiles, mean, throughput and how many samples there are,
with machine, compiler and revision; and what became worse since the record that is kept. PRF-05.

script/bench writes build-bench/perf_manifest.json after each suite. Suites of one build, flags and machine stand in it
together; another build begins it anew. `null` is what a suite does not measure. Percentiles are those of the samples, by
nearest rank: of five repetitions the 95th is the largest, and `samples` says so.

Nothing here fails: a machine that is shared may be slower for any reason. What is worse than the record in
bench/records of the same machine class by more than WORSE is printed, for a person to judge.
"""
import json
import math
import re
import statistics
from pathlib import Path

RECORDS = Path(__file__).resolve().parent / "records"
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
WORSE = 0.10


def percentile(ordered, share):
    return ordered[max(0, math.ceil(round(share * len(ordered), 9)) - 1)]


def stage(name, unit, samples, per_s=None, throughput_unit=None, of_floor=None):
    """per_s: what one unit of the mean comes to in a second."""
    ordered = sorted(samples)
    mean = statistics.fmean(ordered)
    return {"stage": name, "unit": unit, **{key: percentile(ordered, share) for key, share in QUANTILES.items()},
            "mean": mean, "throughput": per_s / mean if per_s else None, "throughput_unit": throughput_unit,
            "samples": len(ordered), "of_floor": of_floor}


def told(name, unit, row, samples, per_s=None, throughput_unit=None):
    """A stage whose percentiles the measured program made itself."""
    return {"stage": name, "unit": unit, **{key: row.get(key) for key in QUANTILES}, "mean": row.get("mean"),
            "throughput": per_s / row["mean"] if per_s else None, "throughput_unit": throughput_unit, "samples": samples,
            "of_floor": None}


# ---- stages of a record ---------------------------------------------------------------------------------------------


def bar_stages(record):
    for case in record["cases"]:
        for part in ("inner", "given", "whole"):
            floor = case.get(part, {}).get("plain loop")
            for name, row in case.get(part, {}).items():
                if not name.startswith("keel"):
                    continue
                share = floor["wall_s_median"] / row["wall_s_median"] if floor else None
                yield stage(f"{case['case']}: {part}, {name}", "ns/bar",
                            [run["wall_s"] / case["bars"] * 1e9 for run in row["runs"]], 1e9, "bars/s", share)


def core_stages(record):
    core = record["core"]
    runs = len(core["runs"])
    yield told("a single step", "ns", core["single_ns"], core["single_ns"]["samples"] * runs, 1e9, "steps/s")
    for key, name in (("batch_ns", "mean of a batch of steps"), ("batch_diag_ns", "the same, everything written out")):
        yield told(name, "ns", core[key], core[key]["batches"] * runs, 1e9, "steps/s")
    yield stage("signals of a bar", "ns", [run["signals_ns_mean"] for run in core["runs"]], 1e9, "bars/s")


def count_stages(record):
    for part in ("in_memory", "whole", "whole, baselines", "floor"):
        if part in record:
            row = record[part]
            yield stage(f"{row['case']}: {part.replace('_', ' ')}", "instructions", [row["instructions"]])


def sweep_stages(record):
    cross, full = record["cross"], record["full"]
    work = cross["configurations"] * cross["bars"]
    for name, row in cross["engines"].items():
        if name.startswith("keel"):
            yield stage(f"crossing, {cross['configurations']:,} configurations x {cross['bars']:,} bars: {name}", "s",
                        [run["wall_s"] for run in row["runs"]], work, "configuration-bars/s",
                        row["per_cpu_s"] / cross["floor"]["per_s"])
    yield stage(f"trend, {full['configurations']:,} configurations, {full['symbols']} symbols, {full['days']} days", "s",
                [run["wall_s"] for run in full["runs"]], full["wall_s_median"] * full["per_s"], "symbol-bars/s",
                full["per_cpu_s"] / full["floor"]["per_s"])


def ind_stages(record):
    for group, key, unit in (("one_series", "ns_per_bar", "ns/bar"), ("many_lengths", "ns_per_output", "ns/output"),
                             ("streaming", "ns_per_update", "ns/update")):
        for row in record[group]:
            more = f", {row['lengths']} lengths" if group == "many_lengths" else ""
            for name, timed in row[key].items():
                if name.startswith("keel") and "ns_runs" in timed:
                    yield stage(f"{group.replace('_', ' ')}: {row['indicator']}{more}, {row['bars']:,} bars: {name}", unit,
                                timed["ns_runs"], 1e9, unit.split("/")[1] + "s/s")


def journal_stages(record):
    for case in record["throughput"]:
        for name, row in case["engines"].items():
            if name.startswith("keel") and "records_per_s_runs" in row:
                yield stage(f"{case['batch']} records per commit of {case['size']} bytes: {name}", "us/record",
                            [1e6 / speed for speed in row["records_per_s_runs"]], 1e6, "records/s")
    rows = [(f"open loop, {row['rate']:,} records/s of {row['size']} bytes", row) for row in record["latency"]]
    rows += [(name, record[key]) for key, name in (("append", "a record into the next commit"), ("turn", "a turn of the engine"))
             if key in record]
    for name, row in rows:
        yield told(name, "us", {"p50": row["p50_us"], "p99": row["p99_us"], "p99.9": row["p999_us"]},
                   row.get("records") or row.get("inputs") or row["rate"] * row["seconds"])


STAGES = {"bar": bar_stages, "core": core_stages, "stages": count_stages, "sweep": sweep_stages, "ind": ind_stages,
          "journal": journal_stages}


# ---- the manifest ---------------------------------------------------------------------------------------------------


def machine_class(record):
    machine = record["machine"]
    return machine["cpu"], tuple(machine["features"]), machine["cores"]


def head(record):
    machine = dict(record["machine"])
    compiler = re.search(r"^compiler: *(.+)$", record["build"], re.M)
    revision = re.search(r"\((\S+)\)", record["build"])
    return {"schema": "keel.perf_manifest", "schema_version": 1, "cpu_features": machine.pop("features"),
            "frequency_policy": machine.pop("governor"), "host": machine, "build": record["build"].splitlines()[0],
            "revision": revision[1] if revision else None, "compiler": compiler[1] if compiler else None,
            "flags": record["flags"]}


def made(record, before=None):
    """The manifest with a record's suite in it; `before` is what stood there."""
    fresh = head(record)
    keeps = before and all(before.get(key) == value for key, value in fresh.items())
    suites = dict(before["suites"]) if keeps else {}
    suites[record["suite"]] = {key: record[key] for key in ("command", "utc", "quiet", "repetitions")}
    suites[record["suite"]]["stages"] = list(STAGES[record["suite"]](record))
    return fresh | {"suites": suites}


def faults(manifest):
    """What contradicts itself: percentiles out of order, a mean outside, more than the floor allows."""
    lines = []
    for suite, said in manifest["suites"].items():
        for row in said["stages"]:
            known = [row[key] for key in QUANTILES if row[key] is not None]
            if known != sorted(known):
                lines.append(f"{suite}: {row['stage']}: percentiles are not in order: {known}")
            if row["samples"] < 1 or any(value <= 0 for value in known):
                lines.append(f"{suite}: {row['stage']}: nothing was measured")
            if row["of_floor"] is not None and row["of_floor"] > 1:
                lines.append(f"{suite}: {row['stage']}: {row['of_floor']:.2f} of its floor: the floor is none")
    return lines


def write(record, path):
    try:
        before = json.loads(path.read_text())
    except (OSError, ValueError):
        before = None
    manifest = made(record, before)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(manifest, indent=1) + "\n")
    fresh.replace(path)
    return manifest


# ---- beside the record that is kept ---------------------------------------------------------------------------------


def bar_ratios(record):
    for case in record["cases"]:
        for part in ("inner", "given", "whole"):
            rows = case.get(part, {})
            own = rows.get("keel")  # not under `given` in records that knew no signals given to keel
            for name, row in rows.items():
                if own and name != "keel":
                    yield f"{case['case']}, {part}: keel's CPU time / {name}'s", own["cpu_s_median"] / row["cpu_s_median"]


def core_ratios(record):
    core = record["core"]
    for key in ("single_ns", "batch_ns", "batch_diag_ns"):
        yield f"{core['steps']:,} steps, mean of {key} / signals of a bar", core[key]["mean"] / core["signals_ns_mean"]
    if record["quiet"]:
        for key in QUANTILES:
            yield f"{core['steps']:,} steps, a single step {key}, ns", core["single_ns"][key]


def count_ratios(record):
    for part in ("in_memory", "whole", "whole, baselines"):
        yield f"{record[part]['case']}, {part.replace('_', ' ')}: instructions", record[part]["instructions"]


def sweep_ratios(record):
    cross, full = record["cross"], record["full"]
    for own, row in cross["engines"].items():
        if not own.startswith("keel"):
            continue
        what = f"crossing, {cross['configurations']:,} x {cross['bars']:,}, {own}"
        yield f"{what}: floor's rate / its own", cross["floor"]["per_s"] / row["per_cpu_s"]
        for name, peer in cross["engines"].items():
            if not name.startswith("keel"):
                yield f"{what}: CPU time / {name}'s", peer["per_cpu_s"] / row["per_cpu_s"]
    yield (f"trend, {full['configurations']:,} configurations, {full['symbols']} symbols, {full['days']} days: floor's rate / "
           "its own", full["floor"]["per_s"] / full["per_cpu_s"])


def ind_ratios(record):
    for row in record["one_series"]:
        if row["best_peer_to_keel"]:
            yield f"{row['indicator']}, {row['bars']:,} bars: keel / best peer", 1 / row["best_peer_to_keel"]
    for row in record["many_lengths"]:
        if row["talib_to_keel"]:
            yield f"{row['indicator']}, {row['lengths']} lengths, {row['bars']:,} bars: keel / TA-Lib", 1 / row["talib_to_keel"]
    for row in record["streaming"]:
        times = row["ns_per_update"]
        for name in times:
            if not name.startswith("keel"):
                yield (f"{row['indicator']}, streaming, {row['bars']:,} bars: keel / {name}",
                       times["keel"]["ns_median"] / times[name]["ns_median"])


def journal_ratios(record):
    for case in record["throughput"]:
        for name, row in case["engines"].items():
            if name.startswith("keel"):
                yield f"{case['batch']} records per commit, {name}: floor's rate / its own", 1 / row["of_floor"]
    for row in record["latency"]:
        yield f"open loop, {row['rate']:,} records/s: p50 / p50 of a sync", row["p50_over_sync_p50"]


RATIOS = {"bar": bar_ratios, "core": core_ratios, "stages": count_ratios, "sweep": sweep_ratios, "ind": ind_ratios,
          "journal": journal_ratios}


def compared(record, kept, share=WORSE):
    """Lines that say how a record stands beside the kept one of its suite."""
    name = f"bench/records/{record['suite']}.json"
    if kept is None:
        return [f"{name} is not there: nothing to compare with"]
    if machine_class(record) != machine_class(kept):
        return [f"{name} is of another machine class: nothing to compare with"]
    ratios = RATIOS[record["suite"]]
    old, new = dict(ratios(kept)), dict(ratios(record))
    both = [key for key in new if key in old]
    worse = [f"  worse: {key}: {new[key]:.4g}, was {old[key]:.4g}" for key in both if new[key] > old[key] * (1 + share)]
    return [f"beside {name} ({kept['utc']}, {kept['build'].splitlines()[0]}): {len(both)} ratios compared, {len(worse)} of "
            f"them worse by more than {100 * share:g} %", *worse]


def kept_record(suite):
    path = RECORDS / f"{suite}.json"
    return json.loads(path.read_text()) if path.exists() else None


def report(record, path, is_toy):
    """Writes the manifest, if a path is given; lines for a reader."""
    lines = []
    if path:
        manifest = write(record, Path(path))
        lines += [f"manifest: {path}", *(f"  CONTRADICTION: {line}" for line in faults(manifest))]
    return lines + ([] if is_toy else compared(record, kept_record(record["suite"])))
