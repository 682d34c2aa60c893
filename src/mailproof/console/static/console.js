// The frame's own script: live pages, keys, copying, asking. Pages work without it.

const POLL_MS = 2000;
const LATE_MS = 300;
const COPIED_MS = 2000;

const body = document.body;
const is_house = body.classList.contains("house");
const find = (selector, root = document) => root.querySelector(selector);
const every = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- the zone: the browser knows it, the server writes the times

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }); // 24 hours, as the server writes
let version = body.dataset.version ?? "";
if (zone && zone !== body.dataset.zone) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `mailproof_zone=${encodeURIComponent(zone)}; path=/console; max-age=31536000; samesite=lax${secure}`;
  version = ""; // drawn at once, with the times of here
}

// ---- live: the same page, asked for again; what has changed is changed in place

let morph = null;
window.htmx?.registerExtension("console-morph", {
  init: (api) => {
    morph = api.morph;
  },
  // What a person has opened or is typing stays as it is.
  htmx_before_morph_attr: (element, detail) =>
    !(detail.attrName === "open" && element.matches("details, dialog")),
});

const live = find("#live");
let answered_at = "";
let asking = false;

function show_live(time) {
  answered_at = time;
  live.classList.remove("lost");
  live.children[1].textContent = `${live.dataset.live} · ${time}`;
  live.children[2].hidden = true;
}

function show_lost() {
  live.classList.add("lost");
  live.children[1].textContent = live.dataset.lost.replace("{time}", answered_at || "…");
  live.children[2].href = location.href;
  live.children[2].hidden = false;
}

const PLACES = ["#main", "#nav", "#strip", "#zone"];

function renew(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (!fresh.body.classList.contains("house")) {
    location.reload(); // signed out meanwhile: the server says so
    return;
  }
  const before = headline();
  for (const place of PLACES) {
    const old = find(place);
    const next = find(place, fresh);
    if (!old || !next || old.isEqualNode(next)) continue;
    const holder = document.createDocumentFragment();
    holder.append(document.adoptNode(next));
    morph(old, holder, false);
    window.htmx.process(find(place));
  }
  if (document.title !== fresh.title) document.title = fresh.title;
  version = fresh.body.dataset.version;
  if (headline() !== before) say(headline());
  document.dispatchEvent(new CustomEvent("console:renewed"));
}

function headline() {
  return (find("#strip .strip span:not(.seal)") ?? find("main .sentence h1"))?.textContent.trim() ?? "";
}

async function look() {
  if (asking || document.hidden || !morph) return;
  if (find("dialog[open]")) return; // nothing changes under a question
  asking = true;
  const here = location.href;
  try {
    const answer = await fetch(here, {
      headers: { "console-version": version || "none" },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(15000),
    });
    if (answer.type === "opaqueredirect") {
      location.reload();
      return;
    }
    if (answer.status !== 204 && !answer.ok) throw new Error(String(answer.status));
    const text = answer.status === 204 ? "" : await answer.text();
    if (here !== location.href || find("dialog[open]")) return;
    if (text) renew(text);
    show_live(clock.format(new Date(Number(answer.headers.get("console-time")))));
  } catch {
    show_lost(); // the page says so itself, and goes on asking
  } finally {
    asking = false;
  }
}

// ---- saying it once, to who cannot see it

function say(text) {
  const said = find("#said");
  if (said && said.textContent !== text) said.textContent = text;
}

// ---- copying

async function copy(button) {
  const text = find("[data-copied]", button.parentElement).textContent;
  const words = find("#said").dataset;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    say(words.copyFailed);
    getSelection().selectAllChildren(find("[data-copied]", button.parentElement));
    return;
  }
  button.textContent = words.copiedWord;
  say(words.copiedWord);
  setTimeout(() => (button.textContent = before), COPIED_MS);
}

// ---- asking before an act

function ask(dialog) {
  dialog.showModal(); // keeps the focus inside, and gives it back when it closes
  (find("[data-harmless]", dialog) ?? dialog).focus();
  if (dialog.closest("#asked")) dialog.addEventListener("close", () => dialog.remove(), { once: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (event.target.matches("dialog.ask")) event.target.close(); // beside it
  if (!button) return;
  if (button.matches("[data-copy]")) copy(button);
  if (button.matches("[data-harmless]")) {
    event.preventDefault();
    button.closest("dialog")?.close();
  }
  if (button.dataset.ask) {
    event.preventDefault();
    ask(document.getElementById(button.dataset.ask));
  }
});
document.addEventListener("htmx:after:swap", () => {
  const dialog = find("#asked dialog:not([open])");
  if (dialog) ask(dialog);
});

// ---- keys: / finds, j and k go along the rows, x picks, Enter opens, Esc closes

const rows = () => every("main tbody tr").filter((row) => find("a.row", row));

function go(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + step))];
  find("a.row", next).focus();
  next.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => find("#find")?.focus(),
  j: () => go(1),
  k: () => go(-1),
  x: () => find("input[type=checkbox]", document.activeElement.closest("main tbody tr") ?? body)?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (event.key === "Escape") {
    if (event.target.id === "find") event.target.blur();
    return;
  }
  const act = KEYS[event.key];
  if (!act || typing || find("dialog[open]")) return;
  if (event.key === "x" && !event.target.closest("main tbody tr")) return;
  event.preventDefault();
  act();
});

if (is_house) {
  answered_at = live.children[1].textContent.split(" · ")[1] ?? "";
  document.addEventListener("visibilitychange", look);
  setInterval(look, POLL_MS);
  // Old content stays while the next page is on its way, and is dimmed when that takes long.
  addEventListener("beforeunload", () => setTimeout(() => body.classList.add("late"), LATE_MS));
  addEventListener("pageshow", () => body.classList.remove("late"));
  if (document.readyState === "complete") look();
  else addEventListener("load", () => version || look());
}
