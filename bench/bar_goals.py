"""The goals of suite `bar`, and which of them a case of a record misses."""
FLOOR = "plain loop"  # bench/plain_bar.c
# How many times keel's time an engine takes at least, in memory; how many times the floor's keel takes at most; how
# long a whole process over a year of hours takes at most. The same holds with the averages inside the time and, given,
# with them and their crossings made before it on both sides. By wall and by processor time, and the worse for keel
# decides: what the machine lent to others meanwhile is nobody's speed.
ENGINES = {"vectorbt": 12, "backtesting.py": 300, "nautilus_trader": 1000, "vectorbt[rust]": 1, "wickra-backtest": 1,
           "raptorbt": 1, "lrvx": 1}
GOALS = {"engines": ENGINES, "floor": 2, "given": {"engines": ENGINES, "floor": 2}, "year_s": 0.05}


def missed(result):
    """Which goals do not hold in a case of a record; None where none applies."""
    goals, inner = result.get("goals", GOALS), result.get("inner", {})
    if result.get("is_year"):
        took = result["whole"]["keel"]["wall_s_median"]
        return [f"a whole process takes {1000 * took:.0f} ms of at most {1000 * goals['year_s']:.0f}"
                ] if took > goals["year_s"] else []
    if len(inner) < 2:
        return None
    lines = missed_in(inner, goals, "")
    given = result.get("given", {})
    return lines + (missed_in(given, goals["given"], "signals given: ") if "keel" in given and "given" in goals else [])


def missed_in(rows, goals, where):
    own, lines = rows["keel"], []
    for name, row in rows.items():
        times = min(row[clock] / own[clock] for clock in ("wall_s_median", "cpu_s_median"))
        if name == FLOOR and 1 / times > goals["floor"]:
            lines.append(f"{where}{1 / times:.1f} times the plain loop's time, of at most {goals['floor']}")
        if times < goals["engines"].get(name, 0):
            lines.append(f"{where}{times:.1f} times {name}, of at least {goals['engines'][name]}")
    return lines


def goals_line(result):
    """For a reader; "" where no goal applies."""
    lines = missed(result)
    if lines is None:
        return ""
    return "Goals missed: " + "; ".join(lines) + "." if lines else "All goals of what was measured hold."
