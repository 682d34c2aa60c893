// The list of mails: it stands still while somebody looks at it, and rows are chosen together.

const form = () => document.getElementById("picking");
const boxes = () => [...(form()?.querySelectorAll("tbody input.check") ?? [])];

// The list begins where it began when it was opened; what comes later waits behind a button.
function hold_still() {
  const upto = form()?.dataset.upto;
  const here = new URL(location.href);
  if (!upto || here.searchParams.has("upto")) return;
  here.searchParams.set("upto", upto);
  history.replaceState(history.state, "", here);
}

function tell_picked() {
  const told = document.getElementById("picked");
  if (!told) return;
  const count = boxes().filter((box) => box.checked).length;
  const text = told.dataset.word.replace("{n}", String(count));
  if (told.textContent !== text) told.textContent = text;
  const all = document.getElementById("pick-all");
  all.hidden = false;
  all.checked = count > 0 && count === boxes().length;
  all.indeterminate = count > 0 && !all.checked;
}

// From the box that was pressed last to this one, as mail programs do it.
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.matches("#picking input.check")) return;
  if (box.id === "pick-all") {
    for (const each of boxes()) each.checked = box.checked;
  } else if (box.name === "id") {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)];
    if (event.shiftKey && from >= 0 && to >= 0) {
      for (let place = Math.min(from, to); place <= Math.max(from, to); place++) {
        all[place].checked = box.checked;
      }
    }
    last = box;
  }
  tell_picked();
});

document.addEventListener("change", (event) => {
  event.target.closest("form[data-submits]")?.requestSubmit();
});
document.addEventListener("console:renewed", tell_picked);
document.addEventListener("htmx:after:swap", tell_picked);

hold_still();
tell_picked();
