/* research/trade_figures.h: a trade of the core as the statistics take it. */
#ifndef KEEL_RESEARCH_TRADE_FIGURES_H
#define KEEL_RESEARCH_TRADE_FIGURES_H

#include "model/trade.h"
#include "stats/tally.h"

/* The part of a trade that figures are made of. */
keel_stats_trade keel_trade_figures(const keel_trade *trade);

/* 1 when price - fees - funding - slippage is its profit, to the last unit and all of it in 64 bits. */
int keel_trade_adds_up(const keel_trade *trade);

#endif
