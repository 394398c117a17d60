// The drawer behind “…”: a details element that a script makes a dialog. Focus stays in it, Esc or the shade closes it.
export function drawers() {
  document.addEventListener("toggle", toggled, true);
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  for (const one of document.querySelectorAll(".more[open]")) dialog(one);
}

const openDrawer = () => document.querySelector(".more[open]");
const stops = drawer => [...drawer.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter(one => one.checkVisibility());

// The focus leaves the drawer at once: a hidden field would hold it until the next frame and swallow the next key.
function close(more) {
  more.open = false;
  more.querySelector("summary").focus();
}

function dialog(more) {
  const drawer = more.querySelector(".drawer");
  drawer.setAttribute("role", "dialog");
  drawer.setAttribute("aria-modal", "true");
  if (drawer.contains(document.activeElement)) return;
  const first = drawer.querySelector("[aria-invalid=true]") ?? drawer.querySelector(".way[open] [role=alert]") ?? drawer.querySelector(".way[open] :is(textarea, select, [name=title])") ?? drawer.querySelector("summary");
  first.focus();
}

function toggled(event) {
  const one = event.target;
  if (one.matches(".more")) {
    if (one.open) dialog(one);
    else if (!document.activeElement || document.activeElement === document.body || one.contains(document.activeElement)) one.querySelector("summary").focus();
  }
  if (one.matches(".way") && one.open) {
    for (const other of one.parentElement.querySelectorAll(".way[open]")) if (other !== one) other.open = false;
    one.scrollIntoView({ block: "nearest" });
    if (one.contains(document.activeElement)) one.querySelector("textarea, select, [name=title]")?.focus();
  }
}

function clicked(event) {
  const opener = event.target.closest("[data-opens]"), closer = event.target.closest("[data-close]");
  if (!opener && !closer) return;
  event.preventDefault();
  const more = document.querySelector(".more");
  if (closer) { close(more); return; }
  const way = document.getElementById(`way-${opener.dataset.opens}`);
  for (const other of more.querySelectorAll(".way")) other.open = other === way;
  more.open = true;
}

function pressed(event) {
  const more = openDrawer();
  if (!more) return;
  if (event.key === "Escape") { event.preventDefault(); close(more); }
  if (event.key !== "Tab") return;
  const all = stops(more.querySelector(".drawer")), first = all[0], last = all.at(-1);
  const inside = all.includes(document.activeElement);
  if (!inside || document.activeElement === (event.shiftKey ? first : last)) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}
