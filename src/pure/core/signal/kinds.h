/* core/signal/kinds.h: the one list of indicator kinds and of their parameters.
 *
 * From it come the enum, the bounds that keel_signal_set_init checks, the defaults, the CLI's names and the
 * table of docs/models/indicators.md. The order is the number of a kind and part of stored configurations:
 * append, never reorder. Only the host expands the text columns.
 *
 * KEEL_SIGNAL_KINDS: X(KIND, name, input, outputs, output names, sentence, reference)
 *   input    SERIES: reads the spec's source; BAR: reads the whole candle (source must be KEEL_SOURCE_CLOSE)
 * KEEL_SIGNAL_INTS:  X(KIND, index of p[], name, default, min, max, unit)
 * KEEL_SIGNAL_REALS: X(KIND, index of f[], name, default, min, max, unit)
 * A parameter that a kind does not list must be zero. */
#ifndef KEEL_CORE_SIGNAL_KINDS_H
#define KEEL_CORE_SIGNAL_KINDS_H

#define KEEL_SIGNAL_KINDS(X)                                                                                        \
    X(COPY, "copy", SERIES, 1, "value", "The source itself.", "-")                                                  \
    X(PREV, "prev", SERIES, 1, "value", "The source some bars ago.", "-")                                           \
    X(SMA, "sma", SERIES, 1, "sma", "Mean of the last period values.", "TA-Lib SMA")                                \
    X(EMA, "ema", SERIES, 1, "ema", "Exponential mean, alpha 2/(period+1), seeded by the SMA.", "TA-Lib EMA")       \
    X(WMA, "wma", SERIES, 1, "wma", "Mean with weights 1..period, the newest heaviest.", "TA-Lib WMA")              \
    X(RMA, "rma", SERIES, 1, "rma", "Wilder's mean, alpha 1/period, seeded by the SMA.", "Wilder 1978")             \
    X(DEMA, "dema", SERIES, 1, "dema", "2 EMA - EMA(EMA).", "TA-Lib DEMA")                                          \
    X(TEMA, "tema", SERIES, 1, "tema", "3 EMA - 3 EMA(EMA) + EMA(EMA(EMA)).", "TA-Lib TEMA")                        \
    X(KAMA, "kama", SERIES, 1, "kama", "Kaufman's adaptive mean (2 and 30 bars).", "TA-Lib KAMA")                   \
    X(SLOPE, "slope", SERIES, 1, "slope", "Relative change per bar over period bars.", "-")                         \
    X(ROC, "roc", SERIES, 1, "roc", "Percent change over period bars.", "TA-Lib ROC")                               \
    X(MOM, "mom", SERIES, 1, "mom", "Difference over period bars.", "TA-Lib MOM")                                   \
    X(LINREG, "linreg_slope", SERIES, 1, "slope", "Slope per bar of the least-squares line.",                       \
      "TA-Lib LINEARREG_SLOPE")                                                                                     \
    X(ZSCORE, "zscore", SERIES, 1, "z", "Distance from the mean in population deviations.", "definition")           \
    X(RSI, "rsi", SERIES, 1, "rsi", "Wilder's relative strength index.", "TA-Lib RSI")                              \
    X(STOCH_RSI, "stochrsi", SERIES, 2, "k,d", "Stochastic of the RSI, smoothed by SMAs.", "TA-Lib STOCHRSI")       \
    X(MACD, "macd", SERIES, 3, "line,signal,hist", "Difference of two EMAs, its EMA, and the rest.", "TA-Lib MACD") \
    X(TRIX, "trix", SERIES, 1, "trix", "Percent change of the triple EMA.", "TA-Lib TRIX")                          \
    X(BB, "bb", SERIES, 4, "middle,upper,lower,width", "Bollinger bands, width relative to the middle.",            \
      "TA-Lib BBANDS")                                                                                              \
    X(BB_WIDTH_RATIO, "bb_width_ratio", SERIES, 1, "ratio", "Bollinger width over its own SMA.", "definition")      \
    X(CC_VOL, "cc_vol", SERIES, 1, "vol", "Sample deviation of log returns, per bar.", "definition")                \
    X(ATR, "atr", BAR, 1, "atr", "Wilder's average true range.", "TA-Lib ATR")                                      \
    X(ADX, "adx", BAR, 4, "adx,adx_prev,plus_di,minus_di", "Wilder's directional movement.", "TA-Lib ADX, *_DI")    \
    X(DONCHIAN, "donchian", BAR, 3, "upper,lower,middle", "Highest high and lowest low.", "TA-Lib MAX, MIN")        \
    X(KELTNER, "keltner", BAR, 3, "middle,upper,lower", "EMA of the close plus and minus ATRs.", "definition")      \
    X(CCI, "cci", BAR, 1, "cci", "Commodity channel index.", "TA-Lib CCI")                                          \
    X(WILLR, "willr", BAR, 1, "willr", "Williams %R, -100..0.", "TA-Lib WILLR")                                     \
    X(STOCH, "stoch", BAR, 2, "k,d", "Stochastic oscillator, smoothed by SMAs.", "TA-Lib STOCH")                    \
    X(AROON, "aroon", BAR, 2, "up,down", "How recent the extremes are, 0..100.", "TA-Lib AROON")                    \
    X(SUPERTREND, "supertrend", BAR, 2, "value,direction", "Trailing ATR band; direction +1 or -1.", "definition")  \
    X(SAR, "sar", BAR, 1, "sar", "Wilder's parabolic stop and reverse.", "TA-Lib SAR")                              \
    X(ULTOSC, "ultosc", BAR, 1, "ultosc", "Williams' ultimate oscillator.", "TA-Lib ULTOSC")                        \
    X(VWAP_DAY, "vwap_day", BAR, 1, "vwap", "Volume-weighted typical price of the UTC day.", "definition")          \
    X(VWAP, "vwap", BAR, 1, "vwap", "Volume-weighted typical price of period bars.", "definition")                  \
    X(OBV, "obv", BAR, 1, "obv", "On-balance volume from the first bar.", "TA-Lib OBV")                             \
    X(MFI, "mfi", BAR, 1, "mfi", "Money flow index.", "TA-Lib MFI")                                                 \
    X(CMF, "cmf", BAR, 1, "cmf", "Chaikin money flow.", "definition")                                               \
    X(PARKINSON, "parkinson", BAR, 1, "vol", "Parkinson volatility per bar.", "Parkinson 1980")                     \
    X(GARMAN_KLASS, "garman_klass", BAR, 1, "vol", "Garman-Klass volatility per bar.", "Garman, Klass 1980")        \
    X(ROGERS_SATCHELL, "rogers_satchell", BAR, 1, "vol", "Rogers-Satchell volatility per bar.",                     \
      "Rogers, Satchell 1991")                                                                                      \
    X(YANG_ZHANG, "yang_zhang", BAR, 1, "vol", "Yang-Zhang volatility per bar.", "Yang, Zhang 2000")                \
    X(PIVOT, "pivot", BAR, 5, "p,r1,s1,r2,s2", "Classic pivots of the previous UTC day.", "definition")

#define KEEL_SIGNAL_INTS(X)                              \
    X(PREV, 0, "lag", 1, 1, 1000, "bars")                \
    X(SMA, 0, "period", 20, 1, 2000, "bars")             \
    X(EMA, 0, "period", 20, 1, 10000, "bars")            \
    X(WMA, 0, "period", 20, 1, 1000, "bars")             \
    X(RMA, 0, "period", 14, 1, 10000, "bars")            \
    X(DEMA, 0, "period", 20, 1, 10000, "bars")           \
    X(TEMA, 0, "period", 20, 1, 10000, "bars")           \
    X(KAMA, 0, "period", 10, 2, 1000, "bars")            \
    X(SLOPE, 0, "period", 1, 1, 1000, "bars")            \
    X(ROC, 0, "period", 10, 1, 1000, "bars")             \
    X(MOM, 0, "period", 10, 1, 1000, "bars")             \
    X(LINREG, 0, "period", 14, 2, 1000, "bars")          \
    X(ZSCORE, 0, "period", 20, 2, 1000, "bars")          \
    X(RSI, 0, "period", 14, 2, 10000, "bars")            \
    X(STOCH_RSI, 0, "period", 14, 2, 10000, "bars")      \
    X(STOCH_RSI, 1, "stoch", 14, 1, 1000, "bars")        \
    X(STOCH_RSI, 2, "k", 1, 1, 200, "bars")              \
    X(STOCH_RSI, 3, "d", 3, 1, 200, "bars")              \
    X(MACD, 0, "fast", 12, 2, 10000, "bars")             \
    X(MACD, 1, "slow", 26, 3, 10000, "bars")             \
    X(MACD, 2, "signal", 9, 1, 10000, "bars")            \
    X(TRIX, 0, "period", 30, 1, 10000, "bars")           \
    X(BB, 0, "period", 20, 2, 1000, "bars")              \
    X(BB_WIDTH_RATIO, 0, "period", 20, 2, 1000, "bars")  \
    X(BB_WIDTH_RATIO, 1, "average", 20, 1, 1000, "bars") \
    X(CC_VOL, 0, "period", 20, 2, 1000, "bars")          \
    X(ATR, 0, "period", 14, 1, 10000, "bars")            \
    X(ADX, 0, "period", 14, 2, 10000, "bars")            \
    X(DONCHIAN, 0, "period", 20, 1, 1000, "bars")        \
    X(KELTNER, 0, "period", 20, 1, 10000, "bars")        \
    X(KELTNER, 1, "atr", 10, 1, 10000, "bars")           \
    X(CCI, 0, "period", 20, 2, 500, "bars")              \
    X(WILLR, 0, "period", 14, 1, 1000, "bars")           \
    X(STOCH, 0, "period", 14, 1, 1000, "bars")           \
    X(STOCH, 1, "k", 3, 1, 200, "bars")                  \
    X(STOCH, 2, "d", 3, 1, 200, "bars")                  \
    X(AROON, 0, "period", 25, 2, 500, "bars")            \
    X(SUPERTREND, 0, "period", 10, 1, 10000, "bars")     \
    X(ULTOSC, 0, "short", 7, 1, 500, "bars")             \
    X(ULTOSC, 1, "medium", 14, 1, 500, "bars")           \
    X(ULTOSC, 2, "long", 28, 1, 500, "bars")             \
    X(VWAP, 0, "period", 20, 1, 1000, "bars")            \
    X(MFI, 0, "period", 14, 2, 1000, "bars")             \
    X(CMF, 0, "period", 20, 1, 1000, "bars")             \
    X(PARKINSON, 0, "period", 20, 1, 1000, "bars")       \
    X(GARMAN_KLASS, 0, "period", 20, 1, 1000, "bars")    \
    X(ROGERS_SATCHELL, 0, "period", 20, 1, 1000, "bars") \
    X(YANG_ZHANG, 0, "period", 20, 2, 500, "bars")

#define KEEL_SIGNAL_REALS(X)                                         \
    X(BB, 0, "mult", 2.0, 0.01, 100.0, "deviations")                 \
    X(KELTNER, 0, "mult", 2.0, 0.01, 100.0, "ATRs")                  \
    X(SUPERTREND, 0, "mult", 3.0, 0.01, 100.0, "ATRs")               \
    X(SAR, 0, "step", 0.02, 0.0001, 1.0, "acceleration per extreme") \
    X(SAR, 1, "max", 0.2, 0.0001, 1.0, "acceleration")

enum {
#define KEEL_SIGNAL_ENUM_(kind, name, input, outputs, names, doc, ref) KEEL_SIGNAL_##kind,
    KEEL_SIGNAL_KINDS(KEEL_SIGNAL_ENUM_)
#undef KEEL_SIGNAL_ENUM_
        KEEL_SIGNAL_KIND_COUNT
};

enum { KEEL_SIGNAL_INPUT_SERIES = 0, KEEL_SIGNAL_INPUT_BAR = 1 };

/* Most outputs of any kind. */
#define KEEL_SIGNAL_OUTPUT_MAX 5

#endif
