"""The measuring side of suite `ind`: keel, TA-Lib and Tulip on the same arrays in one process, call by call in turn.

usage: ind_worker.py LIBRARY REPETITIONS SEED SIZES(comma) PEERS(comma or none) NEEDS_QUIET PATIENCE_S STREAMING
STREAMING: the folder in which npm installed trading-signals, or none.
Prints one JSON document. A peer whose values differ from keel's gets no time.
"""
import ctypes
import functools
import importlib
import json
import statistics
import sys
import time

import numpy as np

import ind_stream
import machine

SETTLED = 2000  # bars after which every start of a recursive average is forgotten
TOLERANCE = 1e-6  # relative; peers keep running sums, whose rounding grows with the bars
BATCH_S = 0.001  # calls are timed in batches of at least this long
ROUNDS = 9  # of all contenders in turn, in each repetition
ROUND_TRIES = 20  # to find one without a neighbour on the core


IN_ROOM, KEPT, NOT_KEPT = range(3)  # what keel_ind.c does with the results


class Spec(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("slot", ctypes.c_int32), ("source", ctypes.c_int32),
                ("p", ctypes.c_int32 * 4), ("reserved", ctypes.c_int32), ("f", ctypes.c_double * 2)]


class Arrays(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int64)] + [(name, ctypes.c_void_p) for name in ("ts", "o", "h", "l", "c", "v")]


class Market:
    """A seeded walk, four steps to a bar."""

    def __init__(self, n, seed):
        draw = np.random.default_rng(seed)
        path = 20000 * np.exp(np.cumsum(draw.normal(0, 0.0005, 4 * n)).reshape(n, 4))
        self.c = path[:, 3].copy()
        self.o = np.concatenate(([20000.0], self.c[:-1]))
        self.h, self.l = np.maximum(path.max(1), self.o), np.minimum(path.min(1), self.o)
        self.v, self.ts = draw.random(n) * 100, 1700000000000 + 60000 * np.arange(n, dtype=np.int64)
        self.arrays = Arrays(n, *(a.ctypes.data for a in (self.ts, self.o, self.h, self.l, self.c, self.v)))
        self.n = n


class Keel:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.keel_ind_level.restype = ctypes.c_char_p

    def specs(self, name, rows):
        kind = self.lib.keel_ind_kind(name.encode())
        outputs = self.lib.keel_ind_outputs(kind)
        made = [Spec(kind, i * outputs, 0, (ctypes.c_int32 * 4)(*p), 0, (ctypes.c_double * 2)(*f))
                for i, (p, f) in enumerate(rows)]
        return (Spec * len(made))(*made), outputs

    def call(self, function, specs, market, room=None, level=-1):
        where = ctypes.c_void_p(room.ctypes.data if room is not None else None)
        if getattr(self.lib, function)(level, specs, len(specs), ctypes.byref(market.arrays), where, IN_ROOM):
            raise SystemExit(f"ind: {function} failed")

    def streamer(self, function, specs, market, room):
        run, arrays = getattr(self.lib, function), ctypes.byref(market.arrays)
        return lambda: run(specs, arrays, ctypes.c_void_p(room.ctypes.data))  # and keeps the room

    def caller(self, function, specs, market, level=-1, keep=KEPT):
        """What is timed, its arguments made ready."""
        run, size, arrays, none = getattr(self.lib, function), len(specs), ctypes.byref(market.arrays), ctypes.c_void_p()
        return lambda: run(level, specs, size, arrays, none, keep)


def cases(m, libraries):
    """name -> (kind, p, f, outputs that peers have, {peer: call giving them in that order})."""
    ta, ti = libraries.get("TA-Lib"), libraries.get("Tulip")

    def both(a, b):
        return {name: f for name, lib, f in (("TA-Lib", ta, a), ("Tulip", ti, b)) if lib}
    return {
        "SMA 20": ("sma", [20], [], [0], both(lambda: ta.SMA(m.c, 20), lambda: ti.sma(m.c, 20))),
        "EMA 20": ("ema", [20], [], [0], both(lambda: ta.EMA(m.c, 20), lambda: ti.ema(m.c, 20))),
        "RSI 14": ("rsi", [14], [], [0], both(lambda: ta.RSI(m.c, 14), lambda: ti.rsi(m.c, 14))),
        "MACD 12 26 9": ("macd", [12, 26, 9], [], [0, 1, 2],
                         both(lambda: ta.MACD(m.c, 12, 26, 9), lambda: ti.macd(m.c, 12, 26, 9))),
        "Bollinger 20 2": ("bb", [20], [2.0], [1, 0, 2],
                           both(lambda: ta.BBANDS(m.c, 20, 2.0, 2.0), lambda: ti.bbands(m.c, 20, 2.0)[::-1])),
        "ATR 14": ("atr", [14], [], [0], both(lambda: ta.ATR(m.h, m.l, m.c, 14), lambda: ti.atr(m.h, m.l, m.c, 14))),
        "ADX 14": ("adx", [14], [], [0], both(lambda: ta.ADX(m.h, m.l, m.c, 14), lambda: ti.adx(m.h, m.l, m.c, 14))),
        "Stochastic 14 3 3": ("stoch", [14, 3, 3], [], [0, 1],
                              both(lambda: ta.STOCH(m.h, m.l, m.c, 14, 3, 0, 3, 0),
                                   lambda: ti.stoch(m.h, m.l, m.c, 14, 3, 3))),
    }


def differs(mine, theirs):
    """How far apart two columns are after the start, relative; the shorter one ends with the other."""
    theirs = np.asarray(theirs)
    mine, theirs = mine[-(len(mine) - SETTLED):], theirs[-(len(mine) - SETTLED):]
    size = np.maximum(np.abs(theirs), np.median(np.abs(theirs)))
    return float(np.max(np.abs(mine - theirs) / size))


@functools.cache
def watched():
    return machine.Core()


def batches(calls, repetitions, quiet, patience):
    """name -> processor seconds per call of each round; contenders in turn, the first repetition not counted. The time of
    the thread, since a neighbour that takes the core away would count as the contender's otherwise; one that shares the
    core's units shows in no time at all, so rounds beside one are repeated as long as there is patience."""
    sizes, core = {}, watched()
    for name, call in calls.items():
        call()
        start = time.thread_time()
        call()
        sizes[name] = max(1, int(BATCH_S / max(time.thread_time() - start, 1e-7)))
    seconds = {name: [] for name in calls}
    for turn in range(repetitions + 1):
        if quiet:
            machine.wait_until_quiet(patience)
        for _ in range(ROUNDS):
            timed = one_round(calls, sizes, core, ROUND_TRIES if quiet and turn else 1)
            for name in calls if turn else ():
                seconds[name].append(timed[name])
    return seconds


def one_round(calls, sizes, core, tries):
    """name -> processor seconds per call; the last of `tries` may be beside a neighbour."""
    for left in reversed(range(tries)):
        timed, beside = {}, core.shared()
        for name, call in calls.items():
            start = time.thread_time()
            for _ in range(sizes[name]):
                call()
            timed[name] = (time.thread_time() - start) / sizes[name]
        beside = beside or core.shared()
        if not left or not beside:
            core.rounds += 1
            core.beside += beside
            return timed


def rows_of(seconds, values):
    """Nanoseconds per bar or per output."""
    return {name: {"ns_median": statistics.median(s) / values * 1e9, "ns_min": min(s) / values * 1e9,
                   "ns_max": max(s) / values * 1e9, "ns_runs": [round(one / values * 1e9, 4) for one in s]}
            for name, s in seconds.items()}


def one_series(keel, market, libraries, plan):
    rows = []
    for name, (kind, p, f, which, peers) in cases(market, libraries).items():
        specs, outputs = keel.specs(kind, [(p, f)])
        room = np.empty((outputs, market.n))
        keel.call("keel_ind_columns", specs, market, room)
        difference, calls = {}, {"keel": keel.caller("keel_ind_columns", specs, market)}
        for peer, call in peers.items():
            theirs = call()
            theirs = theirs if isinstance(theirs, tuple) else (theirs,)
            difference[peer] = max(differs(room[k], column) for k, column in zip(which, theirs, strict=True))
            if difference[peer] <= TOLERANCE:
                calls[peer] = call
        timed = rows_of(batches(calls, *plan), market.n)
        others = [row["ns_median"] for peer, row in timed.items() if peer != "keel"]
        rows.append({"indicator": name, "bars": market.n, "difference": difference, "ns_per_bar": timed,
                     "best_peer_to_keel": min(others) / timed["keel"]["ns_median"] if others else None})
    return rows


def many_lengths(keel, market, libraries, plan):
    """One indicator with several lengths over the same bars, per output; of keel's results, rows of lanes or columns, those of
    a tile of 512 bars take the place of those of the tile before. TA-Lib's arrays stay in the second cache at this size."""
    ta, rows = libraries.get("TA-Lib"), []
    calls_of = {"EMA": ("ema", "keel_ind_lanes", lambda n: ta.EMA(market.c, n)),
                "RSI": ("rsi", "keel_ind_lanes", lambda n: ta.RSI(market.c, n)),
                "ATR": ("atr", "keel_ind_lanes", lambda n: ta.ATR(market.h, market.l, market.c, n)),
                "SMA": ("sma", "keel_ind_means", lambda n: ta.SMA(market.c, n))}
    for name, (kind, function, peer) in calls_of.items():
        for count in (8, 16, 32):
            lengths = [5 + 3 * i for i in range(count)]
            specs, _ = keel.specs(kind, [([n], []) for n in lengths])
            room = np.empty(market.n * count)
            keel.call(function, specs, market, room)
            room = room.reshape(market.n, count).T if function == "keel_ind_lanes" else room.reshape(count, market.n)
            calls, difference = {"keel": keel.caller(function, specs, market, keep=NOT_KEPT)}, {}
            if ta:
                difference["TA-Lib"] = max(differs(room[i], peer(n)) for i, n in enumerate(lengths))
                if difference["TA-Lib"] <= TOLERANCE:
                    calls["TA-Lib"] = lambda lengths=lengths, peer=peer: [peer(n) for n in lengths]
            timed = rows_of(batches(calls, *plan), market.n * count)
            ratio = timed["TA-Lib"]["ns_median"] / timed["keel"]["ns_median"] if "TA-Lib" in timed else None
            rows.append({"indicator": name, "lengths": count, "bars": market.n, "difference": difference,
                         "form": "lanes" if function == "keel_ind_lanes" else "columns", "ns_per_output": timed,
                         "talib_to_keel": ratio})
    return rows


def levels(keel, market, plan):
    """The same columns at every level that this machine runs, ns per bar."""
    names = {level: (keel.lib.keel_ind_level(level) or b"").decode() for level in range(3)}
    rows = []
    for name, (kind, p, f, _, _) in cases(market, {}).items():
        specs, _ = keel.specs(kind, [(p, f)])
        calls = {text: keel.caller("keel_ind_columns", specs, market, level) for level, text in names.items() if text}
        rows.append({"indicator": name, "ns_per_bar": rows_of(batches(calls, *plan), market.n)})
    return rows


def streaming(keel, market, folder, repetitions):
    plain = {name: (kind, p, f, which) for name, (kind, p, f, which, _) in cases(market, {}).items()}
    if folder == "none":
        return ind_stream.rows(keel, market, plain, None, repetitions, TOLERANCE)
    with ind_stream.Node(folder, market) as peer:
        return ind_stream.rows(keel, market, plain, peer, repetitions, TOLERANCE)


def main(argv):
    library, repetitions, seed, sizes, peers, quiet, patience, folder = argv
    modules = {"TA-Lib": "talib", "Tulip": "tulipy"}
    libraries = {name: importlib.import_module(modules[name]) for name in peers.split(",") if name != "none"}
    keel, plan = Keel(library), (int(repetitions), quiet == "1", float(patience))
    markets = [Market(int(n), int(seed)) for n in sizes.split(",")]
    figures = {
        "level": keel.lib.keel_ind_level(-1).decode(), "settled_bars": SETTLED, "tolerance": TOLERANCE,
        "one_series": [row for market in markets for row in one_series(keel, market, libraries, plan)],
        "many_lengths": many_lengths(keel, markets[0], libraries, plan),
        "streaming": streaming(keel, markets[0], folder, 3 * int(repetitions)),
        "levels": levels(keel, markets[0], plan),
    }
    print(json.dumps(figures | {"rounds": watched().rounds, "rounds_beside": watched().beside}))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except machine.TooBusy as busy:
        print(f"busy: {busy}", file=sys.stderr)
        sys.exit(3)
