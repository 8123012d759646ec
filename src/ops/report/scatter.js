/* MAE against MFE: discs are winners, rings are losers, so that they differ without colour. */

class Scatter extends PointChart {
  constructor(onChoose) {
    super("scatter", "Scatter of worst open loss and best open profit of each trade");
    this.below = "worst open loss (MAE), USD";
    this.beside = "best open profit (MFE), USD";
    this.canvas.addEventListener("click", () => this.near >= 0 && onChoose(this.near));
    this.unit = Math.pow(10, -DATA.places);
  }

  scale(width, height) {
    let right = 0, top = 0;
    for (let i = 0; i < TRADES.n; i++) {
      right = Math.max(right, -TRADES.mae[i] * this.unit);
      top = Math.max(top, TRADES.mfe[i] * this.unit);
    }
    this.span(0, (right || 1) * 1.04, 0, (top || 1) * 1.04, width, height);
  }

  plot(g, look) {
    g.globalAlpha = TRADES.n > 2000 ? 0.35 : 0.75;
    for (let i = 0; i < TRADES.n; i++) this.mark(g, look, i, TRADES.n > 5000 ? 1.6 : 3.2);
    g.globalAlpha = 1;
    if (this.near >= 0) this.mark(g, look, this.near, 7);
  }

  mark(g, look, i, size) {
    const won = TRADES.pnl[i] > 0;
    g.beginPath();
    g.arc(this.x(-TRADES.mae[i] * this.unit), this.y(TRADES.mfe[i] * this.unit), size, 0, 7);
    g.strokeStyle = g.fillStyle = won ? look.up : look.down;
    g.lineWidth = 1.4;
    if (won) g.fill(); else g.stroke();
  }

  hover(x, y) {
    this.tell(this.nearest(TRADES.n, (i) => [this.x(-TRADES.mae[i] * this.unit), this.y(TRADES.mfe[i] * this.unit)], x, y));
  }

  say() {
    const i = this.near;
    this.readout.textContent = i < 0 ? TRADES.n + " trades. Point at one to read it, choose it to see it on the price."
      : "trade " + TRADES.id[i] + ", " + DATA.symbols[TRADES.sym[i]] + ": MAE " + moneyText(TRADES.mae[i], DATA.places) +
        ", MFE " + moneyText(TRADES.mfe[i], DATA.places) + ", result " + moneyText(TRADES.pnl[i], DATA.places) + " USD";
  }
}

function startScatter(onChoose) {
  if (!TRADES.n) {
    byId("scatter-canvas").replaceWith(element("p", { class: "empty" }, "There was no trade."));
    return;
  }
  new Scatter(onChoose).draw();
  legend(byId("scatter"), [["gain", "disc"], ["loss", "ring"]]);
}
