/* The table of trades: filtered, sorted, and only the rows in sight are elements, so that 20,000 rows stay quick. */

const ROW_HEIGHT = 32;

function columnsOf() {
  const t = TRADES, money = (key) => (i) => moneyText(t[key][i], DATA.places);
  const tone = (key) => (i) => (t[key][i] > 0 ? "n up" : t[key][i] < 0 ? "n down" : "n");
  return [
    { key: "id", title: "Trade", text: (i) => String(t.id[i]), tone: () => "n", value: (i) => t.id[i] },
    { key: "sym", title: "Pair", text: (i) => DATA.symbols[t.sym[i]], value: (i) => DATA.symbols[t.sym[i]] },
    { key: "side", title: "Side", text: (i) => (t.side[i] > 0 ? "long" : "short"), value: (i) => t.side[i] },
    { key: "pnl", title: "Profit USD", text: money("pnl"), tone: tone("pnl"), value: (i) => t.pnl[i] },
    { key: "et", title: "Entry (UTC)", text: (i) => timeText(t.et[i]), value: (i) => t.et[i] },
    { key: "held", title: "Held", text: (i) => spanText(t.held[i]), tone: () => "n", value: (i) => t.held[i] },
    { key: "ep", title: "Entry price", text: (i) => priceText(t.ep[i]), tone: () => "n", value: (i) => t.ep[i] },
    { key: "xp", title: "Exit price", text: (i) => priceText(t.xp[i]), tone: () => "n", value: (i) => t.xp[i] },
    { key: "q", title: "Quantity", text: (i) => priceText(t.q[i]), tone: () => "n", value: (i) => t.q[i] },
    { key: "fee", title: "Fees USD", text: money("fee"), tone: () => "n", value: (i) => t.fee[i] },
    { key: "fund", title: "Funding, interest USD", text: money("fund"), tone: tone("fund"), value: (i) => t.fund[i] },
    { key: "slip", title: "Slip bps", text: (i) => moneyText(t.slip[i], 2), tone: () => "n", value: (i) => t.slip[i] },
    { key: "mae", title: "MAE USD", text: money("mae"), tone: () => "n", value: (i) => t.mae[i] },
    { key: "mfe", title: "MFE USD", text: money("mfe"), tone: () => "n", value: (i) => t.mfe[i] },
    { key: "bars", title: "Bars", text: (i) => String(t.bars[i]), tone: () => "n", value: (i) => t.bars[i] },
    { key: "er", title: "Entry reason", text: (i) => DATA.entryReasons[t.er[i]], value: (i) => DATA.entryReasons[t.er[i]] },
    { key: "xr", title: "Exit reason", text: (i) => DATA.exitReasons[t.xr[i]], value: (i) => DATA.exitReasons[t.xr[i]] }
  ];
}

class TradeTable {
  constructor(onChoose) {
    this.columns = columnsOf();
    this.onChoose = onChoose;
    this.sort = { column: this.columns[0], down: false };
    this.wanted = { text: "", sym: "", side: "", result: "", xr: "" };
    this.box = byId("trade-rows");
    this.build();
    this.filters();
    this.apply();
    this.box.addEventListener("scroll", () => this.rows());
    new ResizeObserver(() => this.rows()).observe(this.box);
  }

  build() {
    const table = element("table", { class: "grid" }), head = element("tr");
    for (const column of this.columns) {
      const cell = element("th", { scope: "col", class: column.tone ? "n" : "t" });
      const button = element("button", { type: "button", class: "sort", "data-key": column.key }, column.title);
      button.addEventListener("click", () => this.sortBy(column));
      cell.append(button);
      column.cell = cell;
      head.append(cell);
    }
    const top = element("thead");
    top.append(head);
    this.before = element("tbody", { "aria-hidden": "true" });
    this.body = element("tbody", { id: "trade-body" });
    this.after = element("tbody", { "aria-hidden": "true" });
    for (const part of [this.before, this.after]) {
      const row = element("tr"), cell = element("td", { colspan: String(this.columns.length), class: "spacer" });
      row.append(cell);
      part.append(row);
      part.space = cell;
    }
    table.append(top, this.before, this.body, this.after);
    this.box.append(table);
    this.body.addEventListener("click", (e) => this.chooseRow(e.target.closest("tr")));
    this.body.addEventListener("keydown", (e) => {
      if (e.key === "Enter" || e.key === " ") {
        e.preventDefault();
        this.chooseRow(e.target.closest("tr"));
      }
    });
  }

  chooseRow(row) {
    if (row) this.onChoose(Number(row.dataset.index));
  }

  filters() {
    const bar = byId("trade-filters");
    const search = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter trades by text", id: "filter-text" });
    search.addEventListener("input", () => this.want("text", search.value.toLowerCase()));
    bar.append(search);
    const used = (key) => [...new Set(TRADES[key])];
    this.choice(bar, "sym", "All pairs", used("sym").map((s) => [s, DATA.symbols[s]]));
    this.choice(bar, "side", "Long and short", [[1, "long"], [-1, "short"]]);
    this.choice(bar, "result", "Gains and losses", [["gain", "gains"], ["loss", "losses"]]);
    this.choice(bar, "xr", "All exits", used("xr").map((r) => [r, DATA.exitReasons[r]]));
  }

  choice(bar, key, all, options) {
    const select = element("select", { "aria-label": all, id: "filter-" + key });
    select.append(element("option", { value: "" }, all));
    for (const [value, text] of options) select.append(element("option", { value: String(value) }, text));
    select.addEventListener("change", () => this.want(key, select.value));
    bar.append(select);
  }

  want(key, value) {
    this.wanted[key] = value;
    this.apply();
  }

  fits(i) {
    const w = this.wanted, t = TRADES;
    if (w.sym !== "" && t.sym[i] !== Number(w.sym)) return false;
    if (w.side !== "" && t.side[i] !== Number(w.side)) return false;
    if (w.xr !== "" && t.xr[i] !== Number(w.xr)) return false;
    if (w.result === "gain" && !(t.pnl[i] > 0)) return false;
    if (w.result === "loss" && !(t.pnl[i] < 0)) return false;
    return w.text === "" || this.columns.some((c) => c.text(i).toLowerCase().includes(w.text));
  }

  sortBy(column) {
    this.sort = { column, down: this.sort.column === column ? !this.sort.down : column.key === "pnl" };
    this.apply();
  }

  apply() {
    const { column, down } = this.sort, value = column.value;
    this.list = [];
    let sum = 0;
    for (let i = 0; i < TRADES.n; i++) {
      if (!this.fits(i)) continue;
      this.list.push(i);
      sum += TRADES.pnl[i];
    }
    this.list.sort((a, b) => {
      const x = value(a), y = value(b), order = x < y ? -1 : x > y ? 1 : a - b;
      return down ? -order : order;
    });
    for (const c of this.columns) c.cell.setAttribute("aria-sort", c !== column ? "none" : down ? "descending" : "ascending");
    const count = byId("trade-count");
    count.textContent = grouped(String(this.list.length)) + " of " + grouped(String(TRADES.n)) + " trades, together " +
      moneyText(sum, DATA.places) + " USD";
    this.box.scrollTop = 0;
    this.shown = null;
    this.rows();
  }

  /* On paper there is no scrolling: the first rows in the order chosen, and a line that says so. */
  print(on) {
    const most = Math.min(this.list.length, 400);
    if (on) {
      this.fill(0, most);
      if (most < this.list.length)
        this.box.after(element("p", { class: "thinned printed" }, "Printed: the first " + most + " rows of the table."));
    } else {
      for (const line of document.querySelectorAll(".printed")) line.remove();
      this.shown = null;
      this.rows();
    }
  }

  rows() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - 8);
    const last = Math.min(this.list.length, first + Math.ceil((this.box.clientHeight || 480) / ROW_HEIGHT) + 18);
    if (this.shown && this.shown[0] === first && this.shown[1] === last) return;
    this.fill(first, last);
    this.before.space.style.height = first * ROW_HEIGHT + "px";
    this.after.space.style.height = (this.list.length - last) * ROW_HEIGHT + "px";
  }

  fill(first, last) {
    this.shown = [first, last];
    const fresh = document.createDocumentFragment();
    for (let k = first; k < last; k++) fresh.append(this.row(this.list[k]));
    this.body.replaceChildren(fresh);
    this.before.space.style.height = this.after.space.style.height = "0px";
  }

  row(i) {
    const row = element("tr", { tabindex: "0", "data-index": String(i) });
    for (const column of this.columns)
      row.append(element("td", { class: column.tone ? column.tone(i) : "t" }, column.text(i)));
    return row;
  }
}
