/* Candles of one symbol with its trades: entry, exit, the path of the stop bar by bar, and the target in force when it
 * ended. */

const TRADES = DATA.trades ? readTrades(DATA.trades) : null;

function readTrades(t) {
  t.et = summed(t.et);
  t.xt = t.et.map((s, i) => s + t.held[i]);
  return t;
}

function readCandles(c) {
  return { s: c.s, t: summed(c.t), o: c.o, h: c.h, l: c.l, c: c.c };
}

class PriceChart {
  constructor() {
    this.series = DATA.candles.map(readCandles);
    this.step = DATA.candleMs / 1000;
    this.show = { trades: true, stops: true };
    this.controls();
    this.choose(this.busiest());
    const s = this.candles;
    this.chart = new TimeChart("price", [this.pane()], [s.t[0], s.t[s.t.length - 1] + this.step], {
      least: 12 * this.step,
      label: "Candles with trades. Arrow keys move the cursor, plus and minus zoom.",
      read: (t) => this.read(t),
      snap: (t) => this.candles.t[this.indexAt(t)] + this.step / 2
    });
    this.opening();
  }

  busiest() {
    const counts = new Map();
    for (const s of TRADES.sym) counts.set(s, (counts.get(s) || 0) + 1);
    let best = 0;
    this.series.forEach((c, i) => {
      if ((counts.get(c.s) || 0) > (counts.get(this.series[best].s) || 0)) best = i;
    });
    return best;
  }

  choose(index) {
    this.candles = this.series[index];
    this.trades = [];
    for (let i = 0; i < TRADES.n; i++) if (TRADES.sym[i] === this.candles.s) this.trades.push(i);
    this.trades.sort((a, b) => TRADES.et[a] - TRADES.et[b]);
    this.chosen = -1;
    if (this.select) this.select.value = String(index);
    if (this.chart) {
      const t = this.candles.t;
      this.chart.extent = [t[0], t[t.length - 1] + this.step];
    }
  }

  /* At first as many candles as can be told apart, up to shortly after the last trade. */
  opening() {
    const t = this.candles.t, fit = Math.max(40, Math.floor((this.chart.plotWidth || 600) / 5));
    const left = this.trades.reduce((last, i) => Math.max(last, TRADES.xt[i]), -Infinity);
    const until = Math.min(this.chart.extent[1], Number.isFinite(left) ? left + fit / 12 * this.step : Infinity);
    const from = Math.max(this.chart.extent[0], until - fit * this.step);
    if (t.length > fit) this.chart.show(from, from + fit * this.step);
    else this.chart.command("all");
  }

  controls() {
    const bar = byId("price").querySelector(".controls");
    this.select = element("select", { id: "price-symbol", "aria-label": "Symbol" });
    this.series.forEach((c, i) => this.select.append(element("option", { value: String(i) }, DATA.symbols[c.s])));
    this.select.addEventListener("change", () => {
      this.choose(Number(this.select.value));
      this.opening();
    });
    const boxes = [["trades", "trades"], ["stops", "stops and targets"]].map(([key, text]) => {
      const label = element("label", { class: "check" }), box = element("input", { type: "checkbox" });
      box.checked = true;
      box.addEventListener("change", () => {
        this.show[key] = box.checked;
        this.chart.draw();
      });
      label.append(box, document.createTextNode(text));
      return label;
    });
    bar.prepend(this.select, ...boxes);
  }

  indexAt(t) {
    const c = this.candles;
    return Math.max(0, Math.min(c.t.length - 1, lowerBound(c.t, t + 1e-6) - 1));
  }

  pane() {
    return {
      share: 1,
      range: (from, to) => {
        const c = this.candles, first = this.indexAt(from), last = this.indexAt(to);
        let low = Infinity, high = -Infinity;
        for (let i = first; i <= last; i++) {
          if (c.l[i] < low) low = c.l[i];
          if (c.h[i] > high) high = c.h[i];
        }
        const room = (high - low) * 0.06;
        return [low - room, high + room];
      },
      text: tickText,
      draw: (g, x, y, chart) => {
        this.drawCandles(g, x, y, chart);
        if (this.show.trades || this.show.stops) this.drawTrades(g, x, y, chart);
      }
    };
  }

  drawCandles(g, x, y, chart) {
    const c = this.candles, look = chart.look, first = this.indexAt(chart.view[0]), last = this.indexAt(chart.view[1]);
    const width = Math.max(1, x(c.t[first] + this.step) - x(c.t[first])), body = Math.max(1, Math.floor(width * 0.7));
    for (let i = first; i <= last; i++) {
      const middle = x(c.t[i] + this.step / 2), rise = c.c[i] >= c.o[i];
      g.strokeStyle = g.fillStyle = rise ? look.up : look.down;
      const top = y(Math.max(c.o[i], c.c[i])), height = Math.max(1, y(Math.min(c.o[i], c.c[i])) - top);
      g.globalAlpha = 0.75;
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(Math.round(middle) + 0.5, y(c.h[i]));
      if (width >= 3) { /* the wick ends at the body */
        g.lineTo(Math.round(middle) + 0.5, top);
        g.moveTo(Math.round(middle) + 0.5, top + height);
      }
      g.lineTo(Math.round(middle) + 0.5, y(c.l[i]));
      g.stroke();
      if (width < 3) continue;
      const left = Math.round(middle - body / 2) + 0.5;
      g.globalAlpha = 0.8;
      /* a rising body is open, so that rise and fall differ without colour */
      if (rise && body > 3) {
        g.fillStyle = look.card;
        g.fillRect(left, top, body, height);
        g.strokeRect(left, top, body, height);
      } else {
        g.fillRect(left, top, body, height);
      }
    }
    g.globalAlpha = 1;
  }

  visible(chart) {
    return this.trades.filter((i) => TRADES.xt[i] >= chart.view[0] && TRADES.et[i] <= chart.view[1]);
  }

  drawTrades(g, x, y, chart) {
    const list = this.visible(chart), crowded = list.length > 400;
    for (const i of list) {
      const x0 = x(TRADES.et[i]), x1 = Math.max(x0 + 1, x(TRADES.xt[i])), strong = i === this.chosen;
      if (this.show.stops && !crowded) {
        this.path(g, x, x1, i, y, chart.look.stop, strong);
        this.level(g, x0, x1, TRADES.tp[i], y, chart.look.quiet);
      }
      if (!this.show.trades) continue;
      g.strokeStyle = g.fillStyle = TRADES.pnl[i] >= 0 ? chart.look.up : chart.look.down;
      g.lineWidth = strong ? 3 : 1.6;
      g.beginPath();
      g.moveTo(x0, y(TRADES.ep[i]));
      g.lineTo(x1, y(TRADES.xp[i]));
      g.stroke();
      if (crowded && !strong) continue;
      this.arrow(g, x0, y(TRADES.ep[i]), TRADES.side[i], strong ? 8 : 6, chart.look);
      this.cross(g, x1, y(TRADES.xp[i]), strong ? 5 : 3.5, chart.look);
    }
  }

  /* Steps from one close to the next; the last piece ends at the stop in force at the exit. */
  path(g, x, x1, i, y, colour, strong) {
    const times = DATA.stops.t[i], prices = DATA.stops.p[i], entry = TRADES.et[i];
    if (!times.length) {
      this.level(g, x(entry), x1, TRADES.sl[i], y, colour);
      return;
    }
    g.strokeStyle = colour;
    g.lineWidth = strong ? 2 : 1.3;
    g.beginPath();
    let on = false;
    times.forEach((t, k) => {
      if (!prices[k]) {
        on = false;
        return;
      }
      const from = x(k === 0 ? entry : entry + t), to = k + 1 < times.length ? x(entry + times[k + 1]) : x1;
      if (on) g.lineTo(from, y(prices[k])); else g.moveTo(from, y(prices[k]));
      g.lineTo(to, y(prices[k]));
      on = true;
    });
    if (on && TRADES.sl[i]) g.lineTo(x1, y(TRADES.sl[i]));
    g.stroke();
  }

  /* The stop of trade i in force at t, 0: none known. */
  stopAt(i, t) {
    const times = DATA.stops.t[i];
    if (!times.length || t >= TRADES.xt[i]) return TRADES.sl[i];
    return DATA.stops.p[i][Math.max(0, lowerBound(times, t - TRADES.et[i] + 0.5) - 1)];
  }

  level(g, x0, x1, value, y, colour) {
    if (!value) return;
    g.strokeStyle = colour;
    g.lineWidth = 1.2;
    g.setLineDash([2, 3]);
    g.beginPath();
    g.moveTo(x0, y(value));
    g.lineTo(Math.max(x1, x0 + 8), y(value));
    g.stroke();
    g.setLineDash([]);
  }

  /* Up and below the price for a long entry, down and above it for a short one. */
  arrow(g, x, y, side, size, look) {
    const tip = y + side * 3, base = tip + side * size * 1.5;
    g.beginPath();
    g.moveTo(x, tip);
    g.lineTo(x - size * 0.8, base);
    g.lineTo(x + size * 0.8, base);
    g.closePath();
    g.fillStyle = look.ink;
    g.strokeStyle = look.card;
    g.lineWidth = 1.5;
    g.stroke();
    g.fill();
  }

  cross(g, x, y, size, look) {
    for (const [colour, width] of [[look.card, 5], [look.ink, 2]]) {
      g.strokeStyle = colour;
      g.lineWidth = width;
      g.beginPath();
      g.moveTo(x - size, y - size);
      g.lineTo(x + size, y + size);
      g.moveTo(x + size, y - size);
      g.lineTo(x - size, y + size);
      g.stroke();
    }
  }

  tradeAt(t) {
    const near = (this.chart.view[1] - this.chart.view[0]) / 120;
    const of = (i) => Math.max(0, TRADES.et[i] - t, t - TRADES.xt[i]);
    let best = -1;
    for (const i of this.visible(this.chart)) if (of(i) <= near && (best < 0 || of(i) <= of(best))) best = i;
    return best;
  }

  read(t) {
    const c = this.candles, i = this.indexAt(t), k = this.chart && this.chart.cursor !== null ? this.tradeAt(t) : this.chosen;
    const out = [["", timeText(c.t[i])], ["O", priceText(c.o[i])], ["H", priceText(c.h[i])], ["L", priceText(c.l[i])],
      ["C", priceText(c.c[i]), c.c[i] >= c.o[i] ? "up" : "down"]];
    if (k < 0) return out;
    out.push(["trade " + TRADES.id[k], (TRADES.side[k] > 0 ? "long " : "short ") + moneyText(TRADES.pnl[k], DATA.places),
      TRADES.pnl[k] >= 0 ? "up" : "down"], ["exit", DATA.exitReasons[TRADES.xr[k]]]);
    out.push(["at", priceText(TRADES.ep[k]) + " \u2192 " + priceText(TRADES.xp[k])]);
    const stop = this.stopAt(k, this.chart && this.chart.cursor !== null ? t : TRADES.xt[k]);
    if (stop) out.push(["stop", priceText(stop), "stop"]);
    return out;
  }

  /* Show one trade of the table. */
  focus(i) {
    const at = this.series.findIndex((c) => c.s === TRADES.sym[i]);
    if (at < 0) return;
    this.choose(at);
    this.chosen = i;
    const held = Math.max(TRADES.xt[i] - TRADES.et[i], 20 * this.step);
    this.chart.show(TRADES.et[i] - held, TRADES.xt[i] + held);
  }
}

function startPrice() {
  if (!DATA.candles.length) {
    byId("price-canvas").replaceWith(element("p", { class: "empty" }, "There are no candles."));
    return null;
  }
  const price = new PriceChart();
  if (DATA.stops.thinned)
    byId("price").append(element("p", { class: "thinned", id: "stops-thinned" }, "Paths of stops are thinned: of each trade every " +
      "so many steps and the last are kept. More are in stops.csv of the run's folder."));
  legend(byId("price"), [["entry", "entry"], ["exit", "exit"], ["gain", "gain"], ["loss", "loss"],
    ["stop", "stopkey"], ["target", "target"]]);
  return price;
}
