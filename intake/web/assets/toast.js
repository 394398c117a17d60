// The line above the buttons: what is being recorded, what was, and for how long it can be taken back.
const LAST = 10; // seconds that are counted aloud to the eye

let region = null;

// Says it to a screen reader; a region that is already there is read, one that comes with its words often is not.
export function tell(words) {
  if (!region) return;
  region.textContent = "";
  setTimeout(() => { region.textContent = words; }, 50);
}

// Puts a toast, or words, above the buttons of the page in place of the one before; null takes it away.
export function showToast(what) {
  for (const old of document.querySelectorAll(".toast")) old.remove();
  if (!what) return;
  const toast = typeof what === "string" ? Object.assign(document.createElement("div"), { className: "toast noprint", textContent: what }) : what;
  toast.querySelector?.("[role=status]")?.removeAttribute("role"); // told below
  const bar = document.querySelector("#main .bar:not(.ahead)");
  bar ? bar.before(toast) : document.getElementById("main").append(toast);
  started(toast);
  tell(toast.querySelector("p")?.textContent ?? toast.textContent);
}

function started(toast) {
  if (toast.dataset.left) toast.ends = performance.now() + Number(toast.dataset.left) * 1000;
}

export function countDown() {
  if (!document.querySelector(".deck, .waiting, .toast")) return;
  region = document.createElement("div");
  region.className = "unseen";
  region.setAttribute("role", "status");
  document.body.append(region);
  document.querySelectorAll(".toast").forEach(started);
  setInterval(() => {
    for (const toast of document.querySelectorAll(".toast[data-left]")) {
      if (!toast.ends) started(toast);
      const left = Math.ceil((toast.ends - performance.now()) / 1000);
      const held = toast.contains(document.activeElement);
      if (left <= 0) {
        toast.remove();
        if (held) document.querySelector("#main h1")?.focus({ preventScroll: true });
      } else if (left <= LAST) {
        toast.querySelector("button").dataset.seconds = left;
      }
    }
  }, 500);
}
