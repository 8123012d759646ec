// Indicators of the npm package trading-signals, fed value by value: what bench/ind_stream.py asks.
//
// usage: node trading_signals.mjs FOLDER FILE BARS
// FOLDER holds node_modules; FILE the columns high, low, close as doubles, BARS each. Answers each line of stdin, a name of
// `made`, with one JSON line: processor seconds of a pass over all bars with a new indicator, and its last results.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, file, words] = process.argv.slice(2);
const ts = await import(pathToFileURL(`${folder}/node_modules/trading-signals/dist/index.js`));
const bars = Number(words);
const bytes = readFileSync(file);
const [high, low, close] = [0, 1, 2].map((k) => new Float64Array(bytes.buffer, bytes.byteOffset + 8 * bars * k, bars));
const KEPT = 500; // results that are compared

const of = (name) => (r) => r[name];
const plain = (r) => r;
const made = {
  "SMA 20": [() => new ts.SMA(20), false, [plain]],
  "EMA 20": [() => new ts.EMA(20), false, [plain]],
  "RSI 14": [() => new ts.RSI(14), false, [plain]],
  "MACD 12 26 9": [() => new ts.MACD(new ts.EMA(12), new ts.EMA(26), new ts.EMA(9)), false,
    [of("macd"), of("signal"), of("histogram")]],
  "Bollinger 20 2": [() => new ts.BollingerBands(20, 2), false, [of("upper"), of("middle"), of("lower")]],
  "ATR 14": [() => new ts.ATR(14), true, [plain]],
  "ADX 14": [() => new ts.ADX(14), true, [plain]],
  "Stochastic 14 3 3": [() => new ts.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }), true,
    [of("stochK"), of("stochD")]],
};

function pass(name) {
  const [make, candles, outputs] = made[name];
  const last = [];
  const indicator = make();
  const before = process.cpuUsage();
  let result = null;
  if (candles) {
    for (let i = 0; i < bars; i++) {
      result = indicator.update({ high: high[i], low: low[i], close: close[i] }, false);
      if (i >= bars - KEPT) last.push(result);
    }
  } else {
    for (let i = 0; i < bars; i++) {
      result = indicator.update(close[i], false);
      if (i >= bars - KEPT) last.push(result);
    }
  }
  const used = process.cpuUsage(before);
  return { seconds: (used.user + used.system) / 1e6, last: outputs.map((f) => last.map(f)) };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(pass(line)));
}
