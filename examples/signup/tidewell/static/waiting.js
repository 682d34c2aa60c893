// The heading says what is true of the mail: "Check your email" only once it is on its way there.
const waiting = document.getElementById("waiting");
const heads = JSON.parse(waiting.dataset.heads);
const title = waiting.querySelector("h1"), lead = waiting.querySelector(".lead");

function show(state) {
  const said = heads[state === "ended" ? "expired" : state];
  if (!said) return;
  title.textContent = said.title;
  document.title = `${said.title} · Tidewell`;
  const [before, after] = said.lead.split("{address}");
  const address = document.createElement("b");
  address.className = "addr";
  address.textContent = waiting.dataset.address;
  lead.replaceChildren(before, ...(after === undefined ? [] : [address, after]));
}

const status = document.querySelector("mail-status");
status?.addEventListener("change", ({ detail }) => show(detail.state));
if (status?.dataset.state) show(status.dataset.state);
