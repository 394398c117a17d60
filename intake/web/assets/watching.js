// Who else has the topic open: the page says so every now and then while somebody looks at it, and is told who does too.
const EVERY = 20_000;
const IDLE = 600_000; // nobody at the keyboard for so long isn't looking, and the session may end as if the page were closed

const form = () => document.getElementById("watch");
const writing = () => (document.getElementById("words")?.value.trim() ? "1" : "0");
let acted = Date.now();
let told = "";

function tell() {
  const watch = form();
  if (!watch || document.hidden || Date.now() - acted > IDLE) return;
  told = watch.elements.typing.value = writing();
  watch.dispatchEvent(new Event("watch"));
}

export function watching() {
  if (!form() && !document.getElementById("board")) return;
  for (const act of ["keydown", "pointerdown", "scroll"]) document.addEventListener(act, () => { acted = Date.now(); }, { passive: true });
  document.addEventListener("input", event => { if (event.target.id === "words" && told !== writing()) tell(); });
  document.addEventListener("visibilitychange", tell);
  // A topic was put in anew: it is another one, or another version of it.
  document.addEventListener("htmx:after:swap", event => { if (["pane", "board"].includes(event.detail?.ctx?.target?.id)) tell(); });
  setInterval(tell, EVERY);
  tell();
}
