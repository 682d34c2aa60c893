// A closer look at the chart: where the span is long, minutes are drawn in its place, with the
// numbers under the pointer, and dragging looks closer still. Without it the drawn bars stay.

const place = document.getElementById("closer");
// What it shows changes by the minute.
const AGAIN_MS = 60_000;

// A canvas knows no custom properties: the colour that one has here and now.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function gathered(told, bars) {
  // One point for each bar's length, so that a week is no forest of single minutes.
  const first = Math.floor(told.since / bars);
  const count = Math.floor(told.until / bars) - first + 1;
  const rows = [0, 1, 2, 3].map(() => new Array(count).fill(0));
  for (let at = 0; at < count; at += 1) rows[0][at] = (first + at) * bars * 60;
  told.minute.forEach((minute, at) => {
    const here = Math.floor(minute / bars) - first;
    if (here < 0 || here >= count) return;
    rows[1][here] += told.sent[at];
    rows[2][here] += told.waiting[at];
    rows[3][here] += told.bad[at];
  });
  return rows;
}

// What came to wait stands on what was sent, what ended badly hangs below the line; the numbers
// that are told are those of each.
function drawn(rows) {
  const [sent, waiting, bad, from] = place.dataset.words.split("|");
  const some = (value) => value || null; // no bar is drawn for nothing
  const shown = [rows[0], rows[0].map((_, at) => rows[2][at] && rows[1][at] + rows[2][at]).map(some), rows[1].map(some), rows[3].map((count) => some(-count))];
  const paths = window.uPlot.paths.bars({ size: [0.8, 40], radius: 0.1 });
  const series = (label, name, row) => ({ label, stroke: colour(`--${name}-mark`), fill: colour(`--${name}-mark`), paths, points: { show: false }, value: (plot, value, which, at) => (at == null ? "" : rows[row][at]) });
  const axis = { stroke: colour("--ink-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const there = (at) => window.uPlot.tzDate(new Date(at * 1000), place.dataset.zone);
  const format = window.uPlot.fmtDate(Number(place.dataset.bars) < 60 ? "{HH}:{mm}" : "{MM}-{DD} {HH}:{mm}");
  place.replaceChildren();
  return new window.uPlot(
    {
      width: place.clientWidth,
      height: 220,
      tzDate: there,
      scales: { y: { range: (plot, low, high) => [Math.min(low ?? 0, 0), Math.max(high ?? 1, 1)] } },
      series: [{ label: from, value: (plot, at) => (at == null ? "" : window.uPlot.fmtDate("{YYYY}-{MM}-{DD} {HH}:{mm}")(there(at))) }, series(waiting, "waiting", 2), series(sent, "proven", 1), series(bad, "broken", 3)],
      axes: [{ ...axis, space: 80, values: (plot, marks) => marks.map((at) => format(there(at))) }, { ...axis, size: 40, values: (plot, marks) => marks.map((count) => Math.abs(count)) }],
    },
    shown,
    place,
  );
}

async function look() {
  const answer = await fetch(place.dataset.minutes, { cache: "no-store" });
  if (!answer.ok) return;
  const rows = gathered(await answer.json(), Number(place.dataset.bars));
  place.hidden = false;
  plot?.destroy();
  plot = drawn(rows);
  looked_at = Date.now();
}

let plot = null;
let looked_at = 0;
const look_again = () => look().catch(() => (place.hidden = true)); // the drawn bars stay

// Where the chart is wider than the screen, now is what one wants to see.
const box = document.querySelector(".wide-chart")?.parentElement;
if (box) box.scrollLeft = box.scrollWidth;

if (place && window.uPlot) {
  look_again();
  addEventListener("resize", () => plot?.setSize({ width: place.clientWidth, height: 220 }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look_again);
  document.addEventListener("console:renewed", () => Date.now() - looked_at > AGAIN_MS && look_again());
}
