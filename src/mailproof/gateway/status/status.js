// <mailproof-status src="https://mail.example.com/status/TOKEN" lang="zh">…</mailproof-status>
// Says how an email stands, and follows it. What stands inside is shown until it is known, but for
// what has slot="action": that stays, below. "change" tells all that is known, in `detail`.
const STYLE = "%style%", SEALS = "%seals%";
const SVG = "http://www.w3.org/2000/svg";
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

function make(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name.trim(), made.setAttribute("part", name.trim().split(" ")[0]);
  made.append(...children);
  return made;
}

// A label such as "Next try: {time}", as of now.
function timed(label, iso, { lang, labels, ahead }) {
  const minutes = (Date.parse(iso) - Date.now() - ahead) / 60000;
  const [size, unit] = [[1440, "day"], [60, "hour"], [1, "minute"]].find(([size]) => Math.abs(minutes) >= size) ?? [1, "minute"];
  const count = Math.ceil(minutes / size);
  const time = count ? new Intl.RelativeTimeFormat(lang).format(count, unit) : labels.now;
  return labels[label].replace("{time}", time);
}

class MailproofStatus extends HTMLElement {
  static observedAttributes = ["src"];

  connectedCallback() {
    if (!this.hasAttribute("data-final")) this.follow();
  }

  disconnectedCallback() {
    this.stop();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.stop()) this.follow();
  }

  stop() {
    this.stream?.close();
    clearTimeout(this.later);
    clearInterval(this.ticking);
    return true;
  }

  follow() {
    this.stop();
    const url = new URL(this.getAttribute("src") ?? location.href, location.href);
    if (!url.searchParams.has("lang")) {
      url.searchParams.set("lang", this.closest("[lang]")?.lang || navigator.language);
    }
    this.stream = new EventSource(url);
    this.stream.addEventListener("status", (event) => this.show(JSON.parse(event.data)));
    this.stream.onerror = () => this.stream.readyState === EventSource.CLOSED && this.ask(url);
    this.ticking = setInterval(() => this.tick(), 15000);
  }

  // The browser has given the stream up; an ordinary answer says why.
  async ask(url) {
    let wait = 15;
    try {
      const answer = await fetch(url, { headers: { accept: "application/json" } });
      wait = Number(answer.headers.get("retry-after")) || wait;
      const told = await answer.json();
      if (told.title) this.show(told);
    } catch (error) {
      console.warn("mailproof-status:", error);
    }
    if (!this.told?.final && this.isConnected) this.later = setTimeout(() => this.follow(), wait * 1000);
  }

  show(told) {
    const first = !this.told;
    this.told = told;
    told.ahead = Date.parse(told.now) - Date.now(); // of the reader's clock, which may be wrong
    if (first) this.build();
    const { card, track, path, title, text, action } = this.parts;
    card.className = `card ${told.look.tone}`;
    card.lang = told.lang;
    track.replaceChildren(...told.look.track.map((step) => make("i", step)));
    path.setAttribute("d", SEALS[told.look.seal]);
    title.textContent = told.title;
    text.textContent = told.text;
    action.textContent = told.action;
    this.tick();
    this.dataset.state = told.state;
    if (this.hasAttribute("page")) document.title = told.title;
    if (told.final) this.stop();
    this.dispatchEvent(new CustomEvent("change", { detail: told }));
  }

  build() {
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    const path = document.createElementNS(SVG, "path");
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.append(path);
    const title = make(this.hasAttribute("page") ? "h1" : "p", "title");
    const text = make("p", "text"), action = make("p", "action"), times = make("p", "times");
    const track = make("div", "track"), seal = make("span", "seal", svg);
    const said = make("div", "", title, text, action);
    said.setAttribute("role", "status");
    for (const each of [track, seal]) each.setAttribute("aria-hidden", "true");
    const slot = document.createElement("slot");
    slot.name = "action";
    const card = make("div", "card", track, make("div", "row", seal, said, times), slot);
    root.append(card);
    this.parts = { card, track, path, title, text, action, times };
  }

  tick() {
    const { told, parts } = this;
    if (!told) return;
    const lines = told.since ? [timed("since", told.since, told)] : [];
    if (Date.parse(told.retry_at) - told.ahead > Date.now()) lines.push(timed("retry", told.retry_at, told));
    parts.times.textContent = lines.join(" · ");
  }
}

customElements.define("mailproof-status", MailproofStatus);
