/* Start everything; theme and printing. */

let table = null; /* of trades */
let PRICE = null;

function themeNow() {
  return document.documentElement.dataset.theme ||
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function redraw() {
  byId("theme").textContent = themeNow() === "dark" ? "Light" : "Dark";
  for (const chart of CHARTS) chart.draw();
}

function startTheme() {
  /* a page opened from a file may have no storage: then the choice lasts as long as the page */
  try {
    const kept = localStorage.getItem("keel-theme");
    if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  } catch (e) { /* no storage */ }
  byId("theme").addEventListener("click", () => {
    const next = themeNow() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("keel-theme", next);
    } catch (e) { /* no storage */ }
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let before;
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    for (const chart of CHARTS) (chart.paint || chart.draw).call(chart);
    if (table) table.print(true);
  });
  addEventListener("afterprint", () => {
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    if (table) table.print(false);
    redraw();
  });
}

startTheme();
if (DATA.curves) startEquity();
if (DATA.kind === "run") {
  const price = PRICE = startPrice();
  const choose = (i) => {
    if (!price) return;
    price.focus(i);
    byId("price").scrollIntoView({ block: "start", behavior: "auto" });
  };
  startScatter(choose);
  if (TRADES.n) table = new TradeTable(choose);
}
if (SWEEP) startSweep();
if (WALK) startWalk();
redraw();
document.documentElement.dataset.ready = "1";
