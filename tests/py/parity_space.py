"""What random configurations are drawn from: every parameter of the core that can make a difference to a run, in bounds in
which strategies still trade, and what each built-in strategy has of its own. Pairs that must be in order have bounds that
keep them so. tests/py/test_sweep_parity.py holds the list against src/pure/model/params.def."""

CORE = {
    # account and costs
    "maker_fee_bps": "-1:6", "taker_fee_bps": "0:8", "slippage_bps": "0,1.5", "leverage": "1,2,3",
    "maintenance_margin_pct": "0,0.005,0.1,0.25", "allow_short": "true,false",
    # sizing
    "allocation_pct": "0.01:0.3:log", "conf_size_low": "0.3:1", "conf_size_medium": "0.4:1", "conf_size_high": "0.5:1",
    "size_multiplier": "0.5:1", "vol_size_ref": "0,0.003,0.01", "vol_size_min": "0.3:1", "vol_size_max": "1:3",
    "min_notional_usd": "0,5,25", "cash_reserve_pct": "0:0.2",
    # adds
    "max_adds_per_position": "0,1,3", "add_fraction": "0.2:1.5", "add_min_profit_atr": "0:2", "add_cooldown_s": "0:14400",
    "enable_reverse": "true,false",
    # risk
    "max_positions": "1,2,20", "max_gross_exposure": "0.2:3", "max_position_exposure": "0,0.1,0.5",
    "max_trades_per_day": "0,2,6",
    # cooldowns
    "entry_cooldown_s": "0,7200", "exit_cooldown_s": "0,15,7200", "reentry_minutes": "0,60,300",
    "reentry_min_minutes": "0:60", "reentry_max_minutes": "60:300", "reentry_strong_adx": "30:50",
    "reentry_weak_adx": "15:30", "reentry_stop_mult": "0.5:3", "loss_streak": "0,1,2,3", "loss_pause_min": "30:600",
    "cooldown_after_loss_s": "0,3600,14400",
    # stop, breakeven, targets
    "sl_atr_mult": "0.5:4", "sl_pct": "0,0.005,0.02", "tp_atr_mult": "0,4.5,6", "tp_pct": "0,0.01,0.05",
    "enable_partial_tp": "true,false", "tp_partial_pct": "0.2:0.8", "tp_partial_atr_mult": "0,1,2.5",
    "tp_partial_min_notional_usd": "0,10,200", "enable_breakeven_stop": "true,false", "breakeven_start_atr": "0.2:1.5",
    "breakeven_buffer_atr": "0:0.15",
    # trailing stop
    "enable_trailing": "true,false", "trailing_start_atr": "0.2:3", "trailing_distance_atr": "0.3:2.5",
    "trailing_start_atr_low_conf": "0,0.3,1.5", "trailing_distance_atr_low_conf": "0,0.4,1.5",
    "trail_floor_default": "0:0.8", "trail_floor_trending": "0:1", "trail_rsi_favour": "50:70",
    "trail_bbw_threshold": "0.7:1.5", "trail_bbw_mult": "0.8:1.8", "trail_high_profit_atr": "0.5:3",
    "trail_tighten_strong": "0.3:1", "trail_tighten_default": "0.3:1", "trail_weak_trend_mult": "0.4:1",
    "trail_strong_adx": "30:45", "trail_weak_adx": "15:30",
    # glitch guard
    "block_exits_on_extreme_dev": "true,false", "glitch_price_dev_pct": "0.005:0.4:log", "glitch_atr_mult": "0.5:12:log",
    # smart exits
    "enable_tsme": "true,false", "tsme_min_profit_atr": "0:1.5", "tsme_adx_min": "20:45",
    "tsme_require_stoch": "true,false", "tsme_stoch_extreme": "50:80", "adx_exhaustion_lt": "0,15,22",
    "enable_rsi_ext": "true,false", "rsi_ext_min_profit_atr": "0:1", "rsi_ext_profit_switch": "0.5:2",
    "rsi_ext_upper": "60:80", "rsi_ext_upper_profit": "55:75", "rsi_ext_upper_low_conf": "0,58,70",
    "rsi_ext_upper_profit_low_conf": "0,55,65",
    # time, filter, funding
    "max_hold_bars": "0,6,50", "max_hold_h": "0,5,48", "enable_progress_checks": "true,false", "check1_h": "2:10",
    "check1_stop_share": "-0.8:0.2", "check2_h": "11:20", "check3_h": "21:36", "check3_target_share": "0:0.4",
    "enable_filter_exit": "true,false", "enable_funding_exit": "true,false", "funding_exit_horizon_h": "4:48",
    "funding_exit_max_bps": "0:3", "funding_exit_profit_atr": "0:3",
    # gates
    "gate_ranging": "true,false", "ranging_min_votes": "1,2,3", "ranging_adx_lt": "12:22", "ranging_bbw_lt": "0.5:0.9",
    "ranging_rsi_low": "44:49", "ranging_rsi_high": "51:56", "gate_anomaly": "true,false",
    "anomaly_bar_move_pct": "0.005:0.1:log", "anomaly_ema_dev_pct": "0.01:0.5:log", "gate_extension": "true,false",
    "max_dist_ema_fast": "0.01:0.06:log", "gate_adx_rising": "true,false", "adx_rising_saturation": "15:45",
    "gate_volume": "true,false", "vol_confirm_mult": "0.3:1.2", "gate_btc": "true,false", "btc_adx_override": "20:45",
    "gate_breadth": "true,false", "breadth_long_min": "0:0.4", "breadth_short_max": "0.6:1", "gate_regime": "true,false",
    # entries and confidence of `trend`
    "enable_trend": "true,false", "entry_min_adx": "10:30", "trend_rsi_mid": "40:54", "trend_rsi_max": "60:85",
    "trend_strong_adx": "25:45", "macro_filter": "true,false", "enable_pullback": "true,false",
    "pullback_adx_min": "8:24", "pullback_rsi_min": "35:55", "pullback_macd": "true,false",
    "enable_slow_drift": "true,false", "slow_drift_min_slope": "0.00005:0.0008:log", "slow_drift_adx_min": "4:14",
    "slow_drift_rsi_min": "40:55", "slow_drift_range_override": "0.00005:0.0008:log", "enable_ave": "true,false",
    "ave_ratio_gt": "0.8:1.6", "ave_adx_mult": "0.8:1.4", "ave_stop_scale_max": "1:2.5", "entry_min_confidence": "0,1,2",
    "conf_adx_margin": "0:12", "conf_volume_mult": "0.3:1.6", "conf_bbw_min": "0.5:1.1", "conf_rsi": "50:60",
    "conf_points_medium": "0,1,2", "conf_points_high": "2,3",
    # feeds and signals
    "funding_max_age_h": "6:16", "adx_period": "7:28", "rsi_period": "5:28", "ema_fast_period": "5:30",
    "ema_slow_period": "30:90", "ema_macro_period": "90:300", "bb_period": "10:40", "bb_width_avg": "20:80",
    "atr_period": "5:30", "ave_window": "20:80", "vol_sma_period": "8:40", "stoch_rsi_period": "7:21",
    "stoch_k_smooth": "1:5", "stoch_d_smooth": "1:5", "macd_fast": "5:15", "macd_slow": "16:40", "macd_signal": "4:15",
    "max_gap_bars": "0,3,10",
}

# The others, each with the reason why it is not drawn.
NOT_DRAWN = {
    "leverage_max": "only bounds leverage, before a run begins",
    "borrow_rate_annual": "what spot positions borrow; these are perpetuals: tests/py/test_device_numbers.py moves it",
}

OWN = {"trend": {}, "ema_cross": {"fast": "3:20", "slow": "21:90"},
       "rsi_reversion": {"period": "4:20", "lower": "20:40", "upper": "60:80", "leave": "45:55"},
       "donchian_breakout": {"entry": "10:60", "leave": "3:9"}, "momentum": {"lookback": "12:96"},
       "mean_reversion": {"period": "12:96", "entry_z": "1:3", "leave_z": "0:0.9"}, "carry": {"min_rate_bps": "0:0.9"},
       "buy_hold": {}, "no_trade": {}}
