// Keeps the page as it would be drawn now, without a reload: parts with `data-live` are exchanged
// where they have changed. Without this script the page works by links and forms.

const LOOK_EVERY_MS = 1000;
const DEADLINE_MS = 15000;
const drawn = new Map();
let mark = "";
let turn = 0;
let looking = false;
const $ = (id) => document.getElementById(id);

function lives(root) {
  return [...root.querySelectorAll("[data-live]")].filter((each) => each.id);
}

function anchor(list) {
  // What is under the pointer, or has the focus, stays where it is.
  const row = list.querySelector("a:hover, a:focus");
  return row && { id: row.id, top: row.getBoundingClientRect().top };
}

function keep(list, held) {
  const row = held && $(held.id);
  if (!row) return;
  const box = getComputedStyle(list).overflowY === "visible" ? list.closest("section") : list;
  box.scrollTop += row.getBoundingClientRect().top - held.top;
}

function exchange(page) {
  const focused = document.activeElement && document.activeElement.id;
  for (const part of lives(page)) {
    const old = $(part.id);
    const text = part.outerHTML;
    if (!old || drawn.get(part.id) === text || (old.tagName === "DIALOG" && old.open)) continue;
    drawn.set(part.id, text);
    const { scrollTop } = old;
    const held = part.id === "rows" ? anchor(old) : null;
    const fresh = document.adoptNode(part);
    old.replaceWith(fresh);
    fresh.scrollTop = scrollTop;
    keep(fresh, held);
  }
  if (focused && document.activeElement === document.body) $(focused)?.focus({ preventScroll: true });
  document.title = page.title;
  const said = page.getElementById("said").textContent;
  if ($("said").textContent !== said) $("said").textContent = said;
  stay();
}

// The mail that is read stays the one that is read, whatever arrives.
function stay() {
  const row = document.querySelector("#rows [aria-current]");
  const asked = new URLSearchParams(location.search);
  if (row && !asked.has("mail") && !asked.has("call")) {
    asked.delete("lang");
    history.replaceState(null, "", `${row.getAttribute("href")}${asked.size ? `&${asked}` : ""}`);
  }
}

function live(is) {
  const shown = $("live");
  if (is !== shown.classList.contains("lost")) return;
  shown.classList.toggle("lost", !is);
  const time = new Date().toLocaleTimeString("en-GB");
  shown.querySelector("span").textContent = is ? shown.dataset.word : shown.dataset.lost.replace("{time}", time);
  shown.querySelector("a").hidden = is;
}

async function ask(url, options = {}) {
  const mine = ++turn;
  let answer;
  let text;
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    answer = await fetch(url, { cache: "no-store", signal, ...options, headers: { accept: "text/html", ...options.headers } });
    text = answer.status === 304 ? "" : await answer.text();
  } catch (error) {
    console.info("The sandbox does not answer:", error.message);
    if (mine === turn) live(false);
    return null;
  }
  // Somebody has clicked meanwhile: what they asked for counts.
  if (mine !== turn) return null;
  live(answer.ok || answer.status === 304 || answer.status === 422);
  if (!text) return answer;
  mark = answer.headers.get("etag") ?? "";
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!page.getElementById("rows")) return null;
  if (answer.redirected || options.push) {
    const where = options.push ? url : answer.url;
    history[options.push ? "pushState" : "replaceState"](null, "", where);
  }
  exchange(page);
  return answer;
}

async function look() {
  if (looking || document.hidden) return;
  looking = true;
  await ask(location.href.split("#")[0], { headers: { "if-none-match": mark } });
  looking = false;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const answer = await ask(link.href, { push: true });
  if (!answer || !link.closest("#rows")) return;
  $("read").scrollTop = 0;
  if (matchMedia("(max-width: 1023px)").matches) {
    $("read").scrollIntoView();
    $("read").focus({ preventScroll: true });
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const asks = form.dataset.ask;
  if (asks) {
    event.preventDefault();
    $(asks).showModal();
    return;
  }
  const dialog = form.closest("dialog");
  if (dialog) dialog.close();
  if (form.method !== "post") {
    event.preventDefault();
    return;
  }
  event.preventDefault();
  const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (answer?.ok && form.classList.contains("another")) form.elements.fault.value = "";
});

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, dialog") || event.metaKey || event.ctrlKey || event.altKey) return;
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const links = [...document.querySelectorAll("#rows li a")];
  const at = links.indexOf(document.activeElement);
  const from = at < 0 ? links.findIndex((each) => each.ariaCurrent) - (step > 0 ? 1 : 0) : at;
  links[Math.min(Math.max(from + step, 0), links.length - 1)]?.focus();
});

addEventListener("popstate", () => ask(location.href));
document.addEventListener("visibilitychange", look);
for (const part of lives(document)) drawn.set(part.id, part.outerHTML);
for (const dialog of document.querySelectorAll("dialog[open]")) {
  dialog.close();
  dialog.showModal();
}
stay();
document.documentElement.dataset.ready = "";
setInterval(look, LOOK_EVERY_MS);
