"""Writes the catalogue beside it, as it was written with nautilus_trader 1.221.0 (which needs another pandas than the tests):

    pip install nautilus_trader==1.221.0 && python write.py catalog
"""
import sys

from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.persistence.catalog import ParquetDataCatalog

T0_S = 1704067200


def bars(bar_type, count, step_s, price):
    rows = []
    for i in range(count):
        o, c = price + i * 1.25, price + (i + 1) * 1.25 - 0.5
        ns = (T0_S + (i + 1) * step_s) * 1_000_000_000
        rows.append(Bar(BarType.from_str(bar_type), Price(o, 2), Price(max(o, c) + 2, 2), Price(min(o, c) - 2.01, 2),
                        Price(c, 2), Quantity(10 + i * 0.001, 3), ns, ns))
    return rows


if __name__ == "__main__":
    catalog = ParquetDataCatalog(sys.argv[1])
    catalog.write_data(bars("BTCUSDT-PERP.BINANCE-1-HOUR-LAST-EXTERNAL", 48, 3600, 42000.1))
    catalog.write_data(bars("ETHUSDT-PERP.BINANCE-5-MINUTE-LAST-EXTERNAL", 100, 300, 2300.1))
