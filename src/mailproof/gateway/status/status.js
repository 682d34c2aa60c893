// <mail-status src="https://mail.example.com/status/TOKEN" resend="/again" change-address="/sign-up">
//   <a href="https://mail.example.com/status/TOKEN">How your mail stands</a>
// </mail-status>
// Says how a mail stands, and follows it. What stands inside is shown until that is known. All
// wording comes from the server. Events: "change" (`detail`: all that is known), "resend" and
// "changeaddress" (`detail.domain`), which can be canceled. Attributes: src, lang, resend, csrf,
// change-address.
const STYLE = "%style%", SEALS = "%seals%";
const SVG = "http://www.w3.org/2000/svg";
const PATIENCE_MS = 20000;
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

function make(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  if (name) made.setAttribute("part", name);
  made.append(...children);
  return made;
}

// The time at which it left, in the reader's own zone; with the day where it is not today.
function local(iso, lang) {
  const at = new Date(iso);
  const day = at.toDateString() === new Date().toDateString() ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(lang, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

// Another server may be there, or something in between: what it says is no status.
function isStatus(told) {
  return Boolean(told?.title && told.look?.track && Array.isArray(told.buttons));
}

// A link to write to or to read, and never one that would run in this page.
function leadsAway(href = "https:") {
  return /^(https?|mailto):/i.test(href);
}

class MailStatus extends HTMLElement {
  static observedAttributes = ["src", "resend", "change-address"];
  heard = new Set();

  connectedCallback() {
    this.live = true;
    if (!this.hasAttribute("page")) this.build();
    if (!this.hasAttribute("data-final")) this.follow();
  }

  disconnectedCallback() {
    this.live = false;
    this.stop();
    clearTimeout(this.ticking);
  }

  attributeChangedCallback(name) {
    if (!this.live) return;
    if (name === "src") this.follow();
    else this.offer();
  }

  // Whoever listens can act, so there is something to offer.
  addEventListener(name, ...given) {
    super.addEventListener(name, ...given);
    this.heard.add(name);
    this.offer();
  }

  stop() {
    this.stream?.close();
    clearTimeout(this.later);
  }

  follow() {
    this.stop();
    const url = new URL(this.getAttribute("src") ?? location.href, location.href);
    if (!url.searchParams.has("lang")) {
      url.searchParams.set("lang", this.closest("[lang]")?.lang || navigator.language);
    }
    this.stream = new EventSource(url);
    this.stream.addEventListener("status", ({ data }) => {
      const told = JSON.parse(data);
      if (isStatus(told)) this.show(told);
    });
    this.stream.onerror = () => this.stream.readyState === EventSource.CLOSED && this.ask(url);
  }

  // The browser has given the stream up; an ordinary answer says why.
  async ask(url) {
    const { stream } = this;
    let wait = 15, told;
    try {
      const answer = await fetch(url, { headers: { accept: "application/json" } });
      wait = Math.min(Math.max(Number(answer.headers.get("retry-after")) || wait, 5), 600);
      told = await answer.json();
    } catch (error) {
      console.warn("mail-status:", error);
    }
    if (stream !== this.stream || !this.live) return;
    if (isStatus(told)) this.show(told);
    if (!isStatus(told) || !told.final) this.later = setTimeout(() => this.follow(), wait * 1000);
  }

  build() {
    if (this.parts) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    const path = document.createElementNS(SVG, "path");
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.append(path);
    const title = make(this.hasAttribute("page") ? "h1" : "p", "title"), text = make("p", "text");
    const line = make("div", "line"), seal = make("span", "seal", svg), act = make("div", "act");
    const said = make("div", "", title, text), alarm = make("p", "alarm");
    said.setAttribute("role", "status");
    said.tabIndex = -1;
    alarm.setAttribute("role", "alert");
    for (const each of [line, seal]) each.setAttribute("aria-hidden", "true");
    const before = make("slot", "before");
    const card = make("div", "card", line, make("div", "row", seal, said), act, alarm);
    root.append(card, before);
    this.parts = { card, line, path, said, title, text, act, alarm, before };
    this.dress();
  }

  // With room for buttons where there will be some, so that nothing below moves when they come.
  dress() {
    const { card, before } = this.parts, { told } = this;
    const acts = this.can("again") || this.can("address") ? " acts" : "";
    card.className = `card ${told ? told.look.tone : "empty"}${acts}`;
    before.hidden = Boolean(told);
  }

  can(act) {
    const names = { again: ["resend", "resend"], address: ["change-address", "changeaddress"] }[act];
    return !names || this.hasAttribute(names[0]) || this.heard.has(names[1]);
  }

  show(told) {
    this.build();
    this.told = told;
    told.ahead = told.now ? Date.parse(told.now) - Date.now() : 0; // of the reader's clock, which may be wrong
    const { card, line, path, title } = this.parts;
    card.lang = told.lang;
    line.replaceChildren(...told.look.track.map((step) => make("i", step)));
    path.setAttribute("d", SEALS[told.look.seal]);
    // Only what is new is said aloud.
    if (title.textContent !== told.title) title.textContent = told.title;
    this.say(told);
    this.offer();
    this.dataset.state = told.state;
    if (this.hasAttribute("page")) document.title = told.title;
    if (told.final) this.stop();
    this.dispatchEvent(new CustomEvent("change", { detail: told }));
  }

  say({ text, action, lang, time, since, suggestion }) {
    let whole = [text, action].filter(Boolean).join(/^(zh|ja)/.test(lang) ? "" : " ");
    if (time && since) whole = whole.replace(time, () => local(since, lang));
    if (this.parts.text.textContent === whole) return;
    const at = suggestion ? whole.lastIndexOf(suggestion) : -1;
    const end = at + suggestion.length;
    const pieces = at < 0 ? [whole] : [whole.slice(0, at), make("b", "", suggestion), whole.slice(end)];
    this.parts.text.replaceChildren(...pieces);
  }

  // The buttons that somebody here can answer; made anew only when they are others.
  offer() {
    const { told, parts } = this;
    if (parts) this.dress();
    if (!told) return;
    const wanted = told.buttons.filter(({ act, href }) => this.can(act) && leadsAway(href));
    const shown = JSON.stringify([wanted, this.getAttribute("change-address")]);
    if (shown !== this.shown) {
      this.shown = shown;
      this.again = null;
      const focused = parts.act.contains(this.shadowRoot.activeElement);
      parts.act.replaceChildren(...wanted.map((each) => this.button(each)));
      if (focused) parts.said.focus();
    }
    this.tick();
  }

  button(given) {
    const { act, label, domain, primary } = given;
    const to = act === "address" ? this.getAttribute("change-address") : given.href;
    const made = make(to ? "a" : "button", primary ? "action primary" : "action", label);
    if (to) {
      const url = new URL(to, location.href);
      if (domain) url.searchParams.set("domain", domain);
      made.href = url;
    } else made.type = "button";
    if (act === "again") this.again = { made, given };
    if (act === "again") made.addEventListener("click", () => this.resend());
    if (act === "address") {
      made.addEventListener("click", (event) => {
        if (!this.announce("changeaddress", { domain: domain ?? null })) event.preventDefault();
      });
    }
    return made;
  }

  // False: somebody does it in our place.
  announce(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, cancelable: true, composed: true }));
  }

  async resend() {
    if (this.asking || !this.announce("resend", null)) return;
    const to = this.getAttribute("resend");
    if (!to) return;
    const { made, given } = this.again, { alarm } = this.parts;
    const headers = { accept: "application/json", "content-type": "application/json" };
    if (this.hasAttribute("csrf")) headers["x-csrf-token"] = this.getAttribute("csrf");
    this.asking = true;
    made.setAttribute("aria-disabled", "true");
    alarm.textContent = "";
    let answer;
    try {
      // A redirect is no yes: it may lead to a page for signing in.
      const how = { method: "POST", credentials: "same-origin", redirect: "manual", headers, body: "{}" };
      answer = await fetch(to, { ...how, signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch (error) {
      console.warn("mail-status:", error);
    }
    this.asking = false;
    made.removeAttribute("aria-disabled");
    if (!answer?.ok) {
      alarm.textContent = given.label_failed;
      return;
    }
    // An answer without JSON is as good a yes: the same link tells of the new mail then.
    const status = (await answer.json().catch(() => null))?.status;
    this.soonest = Date.now() + this.told.again_after_s * 1000;
    this.tick();
    if (typeof status === "string") this.setAttribute("src", status);
    else this.follow();
  }

  // Counts down, in the button alone: nobody is told of each second.
  tick() {
    clearTimeout(this.ticking);
    if (!this.again) return;
    const { made, given } = this.again, { told } = this;
    const allowed = told.again_at ? Date.parse(told.again_at) - told.ahead : 0;
    const wait = Math.max(allowed, this.soonest ?? 0) - Date.now();
    const left = Math.ceil(wait / 1000);
    if (left > 0 && this.shadowRoot.activeElement === made) this.parts.said.focus();
    made.disabled = left > 0;
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    made.textContent = left > 0 ? given.label_in.replace("{time}", time) : given.label;
    if (left > 0) this.ticking = setTimeout(() => this.tick(), wait - (left - 1) * 1000);
  }
}

customElements.define("mail-status", MailStatus);
