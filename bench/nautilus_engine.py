"""nautilus_trader's side of suite `bar`: instrument, bars, a strategy that follows given signals."""
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
ID = InstrumentId(Symbol("BTCUSDT-PERP"), VENUE)
BARS = BarType.from_str(f"{ID}-1-MINUTE-LAST-EXTERNAL")


def instrument(fee_bps):
    fee = Decimal(str(fee_bps)) / 10000
    return CryptoPerpetual(
        instrument_id=ID, raw_symbol=Symbol("BTCUSDT"), base_currency=BTC, quote_currency=USDT,
        settlement_currency=USDT, is_inverse=False, price_precision=1, size_precision=3,
        price_increment=Price.from_str("0.1"), size_increment=Quantity.from_str("0.001"), margin_init=Decimal(0),
        margin_maint=Decimal(0), maker_fee=fee, taker_fee=fee, ts_event=0, ts_init=0)


def bars(candles, prices):
    """One bar per candle at its close, all four prices the one given."""
    much = Quantity.from_str("1000.000")
    made = []
    for price, close_ms in zip(prices.tolist(), (candles.ts_ms + candles.interval_ms - 1).tolist()):
        px = Price(price, 1)
        made.append(Bar(BARS, px, px, px, px, much, close_ms * 1_000_000, close_ms * 1_000_000))
    return made


class Follow(Strategy):
    def __init__(self, signals):
        super().__init__(StrategyConfig(strategy_id="FOLLOW-0", order_id_tag="0"))
        self.long_in, self.long_out = signals.long_in.tolist(), signals.long_out.tolist()
        self.index, self.unit = -1, Quantity.from_str("1.000")
        self.last = len(self.long_in) - 1

    def on_start(self):
        self.subscribe_bars(BARS)

    def on_bar(self, bar):
        self.index += 1
        index = self.index
        if index == self.last or not (self.long_in[index] or self.long_out[index]):
            return
        flat = self.portfolio.is_flat(ID)
        if self.long_out[index] and not flat:
            self.submit_order(self.order_factory.market(ID, OrderSide.SELL, self.unit))
        elif self.long_in[index] and flat:
            self.submit_order(self.order_factory.market(ID, OrderSide.BUY, self.unit))


def simulate(data, signals, cash, fee_bps):
    engine = BacktestEngine(BacktestEngineConfig(
        trader_id=TraderId("BENCH-1"), logging=LoggingConfig(bypass_logging=True),
        risk_engine=RiskEngineConfig(bypass=True), run_analysis=False))
    engine.add_venue(VENUE, oms_type=OmsType.NETTING, account_type=AccountType.MARGIN, base_currency=USDT,
                     starting_balances=[Money(cash, USDT)], default_leverage=Decimal(1))
    engine.add_instrument(instrument(fee_bps))
    engine.add_data(data, sort=False)
    engine.add_strategy(Follow(signals))
    engine.run()
    return engine


def fills_of(engine):
    """(time in ms, price, quantity) of every fill, in order."""
    orders = sorted(engine.cache.orders_closed(), key=lambda order: order.ts_last)
    return [(order.ts_last // 1_000_000, order.avg_px, float(order.filled_qty)) for order in orders]


def balance(engine):
    return float(engine.cache.account_for_venue(VENUE).balance_total(USDT).as_decimal())
