"""The streaming part of suite `ind`: values that arrive one by one, keel's step beside trading-signals of npm.

The step of an indicator, and of a set as a run calls it at each close, must give the columns bit for bit. The peer runs in node, a
process that repeats on command; both are timed in processor time, in turn.
"""
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PEER = "trading-signals"
IN_A_SET = "keel, in a set"
INLINED = "keel, inlined"


class Node:
    """trading_signals.mjs on the same market; use as `with`."""

    def __init__(self, folder, market):
        self.file = tempfile.NamedTemporaryFile(prefix="keel-bench-")
        np.concatenate([market.h, market.l, market.c]).tofile(self.file)
        self.file.flush()
        self.process = subprocess.Popen(["node", HERE / "peers" / "trading_signals.mjs", folder, self.file.name, str(market.n)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.file.close()

    def run(self, name):
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("ind_stream: trading_signals.mjs ended")
        return json.loads(line)


def timed(call):
    start = time.thread_time()
    call()
    return time.thread_time() - start


def difference(mine, theirs):
    """Of the last results, relative; as differs of ind_worker.py."""
    theirs = np.asarray(theirs, dtype=float)
    size = np.maximum(np.abs(theirs), np.median(np.abs(theirs)))
    return float(np.max(np.abs(mine[-len(theirs):] - theirs) / size))


def streams(keel, specs, market, columns):
    """Name -> call, each shown to give the columns: the step of the indicator, the same in the unit that calls it,
    and through a set of signals."""
    room, calls = np.empty_like(columns), {}
    for who, function in (("keel", "keel_ind_stream"), (INLINED, "keel_ind_stream_inline"), (IN_A_SET, "keel_ind_stream_set")):
        calls[who] = keel.streamer(function, specs, market, room)
        room.fill(-1.0)
        if calls[who]() or room.tobytes() != columns.tobytes():
            raise SystemExit(f"ind_stream: {function} differs from columns")
    return calls


def rows(keel, market, cases, peer, turns, tolerance):
    """One row per case: name -> (kind, p, f, outputs that the peer has). `peer`: a Node or None; `turns` passes of each,
    after two that do not count and let the peer's compiler see its work."""
    found = []
    for name, (kind, p, f, which) in cases.items():
        specs, outputs = keel.specs(kind, [(p, f)])
        columns = np.empty((outputs, market.n))
        keel.call("keel_ind_columns", specs, market, columns)
        calls = {who: lambda call=call: timed(call) for who, call in streams(keel, specs, market, columns).items()}
        row = {"indicator": name, "bars": market.n, "equals_columns": True, "difference": {}}
        if peer:
            row["difference"][PEER] = max(difference(columns[k], last) for k, last in
                                          zip(which, peer.run(name)["last"], strict=True))
            if row["difference"][PEER] <= tolerance:
                calls[PEER] = lambda name=name: peer.run(name)["seconds"]
        passes = [{who: call() for who, call in calls.items()} for _ in range(turns + 2)][2:]
        row["ns_per_update"] = {}
        for who in calls:
            ns = [one[who] / market.n * 1e9 for one in passes]
            row["ns_per_update"][who] = {"ns_median": statistics.median(ns), "ns_min": min(ns), "ns_max": max(ns),
                                         "ns_runs": [round(one, 4) for one in ns]}
        found.append(row)
    return found
