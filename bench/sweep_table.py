"""The record of suite `sweep` as tables of docs/performance.md."""


def cross_lines(a):
    one = a["engines"]["keel, 1 thread"]
    yield (f"**(a)** ema_cross, {a['configurations']:,} configurations x {a['bars']:,} bars of 1 min, "
           f"{a['trades_per_1000_bars']} trades per 1,000 bars, equal in {', '.join(a['engines'])}.\n")
    for name, line in a["differ"].items():
        yield f"No time for {name}: {line}.\n"
    yield ("| engine | configurations | median s | CPU s | configuration-bars per s | per CPU s | peak MiB | "
           "floor's rate / its own | CPU / keel, one thread | time / keel, two threads |")
    yield "|---|---|---|---|---|---|---|---|---|---|"
    two = a["engines"].get("keel, 2 threads")
    for name, row in a["engines"].items():
        share = f"{two['per_s'] / row['per_s']:.1f}" if two else "-"
        yield (f"| {name} | {row['configurations']:,} | {row['wall_s_median']:.2f} | {row['cpu_s_median']:.2f} | "
               f"{row['per_s']:.3g} | {row['per_cpu_s']:.3g} | {row['peak_mib']:.1f} | "
               f"{a['floor']['per_s'] / row['per_cpu_s']:.1f} | {one['per_cpu_s'] / row['per_cpu_s']:.1f} | {share} |")
    yield (f"\nThe floor: {a['floor']['bytes_per']:g} bytes and {a['floor']['ops_per']:g} operations per configuration-bar, "
           f"{a['floor']['per_s']:.3g} configuration-bars per second and core.\n")
    for name, row in a["engines"].items():
        if name.startswith("keel"):
            yield (f"- {name}: trials take {row['sweep_s_median']:.2f} s of it; {row['memory_mb_per_10000']} MB per 10,000 "
                   "configurations")
    yield ""


def full_lines(b):
    whole, floor = b["all"], b["floor"]
    yield (f"**(b)** the whole of trend, {b['symbols']} symbols, {b['days']} days of 1 h with pieces of 5 min, "
           f"{b['trades_per_configuration']} trades a configuration; {100 * b['held_share']:.1f} % of a symbol's bars hold a "
           "position.\n")
    yield "| configurations | threads | s | CPU s | symbol-bars per CPU s | floor's rate / its own | peak MiB | MB per 10,000 |"
    yield "|---|---|---|---|---|---|---|---|"
    yield (f"| {b['configurations']:,} | 1 | {b['wall_s_median']:.2f} | {b['cpu_s_median']:.2f} | {b['per_cpu_s']:.3g} | "
           f"{floor['per_s'] / b['per_cpu_s']:.1f} | {b['peak_mib']:.1f} | {b['memory_mb_per_10000']} |")
    per_cpu_s = b["per_cpu_s"] * b["cpu_s_median"] / b["configurations"] * whole["configurations"] / whole["cpu_s"]
    yield (f"| {whole['configurations']:,}, once | {whole['cores']} | {whole['wall_s']:.1f} | {whole['cpu_s']:.1f} | "
           f"{per_cpu_s:.3g} | {floor['per_s'] / per_cpu_s:.1f} | {whole['peak_kib'] / 1024:.1f} | "
           f"{whole['memory_per_10000'] / 1e6:.1f} |")
    yield (f"\nThe floor: {floor['bytes_per']:.3g} bytes and {floor['ops_per']:.3g} operations per symbol and bar, "
           f"{floor['per_s']:.3g} per second and core.\n")


def lines(record):
    yield from cross_lines(record["cross"])
    yield from full_lines(record["full"])
