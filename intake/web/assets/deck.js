// One card after the other without waiting: the next card is fetched while this one is read, and shown the moment this one is decided.
// The answer arrives later; if it is a refusal, or none comes, the card returns with everything that was typed on it.
import { showToast, tell } from "./toast.js";

const GRACE = 600; // ms in which a second tap still belongs to the card before

let next = null; // { url, title, main } of the card that follows
let asked = 0;
let earlier = Promise.resolve(true); // how the decision sent before this one ended
let shownAt = -GRACE;
let shownUrl = "";

const stage = () => document.getElementById("main");
const deckOf = main => main?.querySelector("[data-card]");
const here = () => ({ url: location.href, title: document.title, main: stage() });

export function deal() {
  if (!deckOf(stage())) return;
  shownUrl = location.href;
  addEventListener("popstate", () => {
    if (location.href.split("#")[0] !== shownUrl.split("#")[0]) location.reload(); // the server knows what that page is now
  });
  document.addEventListener("submit", event => {
    const form = event.target;
    if (!deckOf(stage())) return;
    if (form.matches("[data-search]")) { event.preventDefault(); search(form); }
    if (!form.matches("[data-decide], [data-undo]")) return;
    event.preventDefault();
    if (form.closest("[data-sending]")) return;
    if (form.matches("[data-undo]")) undo(form);
    else if (performance.now() - shownAt >= GRACE) decide(form, event.submitter);
  });
  const idle = window.requestIdleCallback ?? (then => setTimeout(then, 200));
  idle(preload);
}

async function preload() {
  const mine = ++asked;
  next = null;
  const address = deckOf(stage())?.dataset.next;
  if (!address || navigator.connection?.saveData) return;
  const page = await read(fetch(address)).catch(() => null);
  // The end of the queue is not shown ahead: it would still count what is being decided.
  if (page?.status === 200 && deckOf(page.main) && mine === asked) next = page;
}

async function read(answering) {
  const answer = await answering;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { status: answer.status, url: answer.url, title: parsed.title, main: parsed.getElementById("main") };
}

function show(page, how) {
  stage().replaceWith(page.main);
  document.title = page.title;
  history[how](null, "", page.url);
  shownUrl = location.href;
  shownAt = performance.now();
  page.main.toggleAttribute("data-dealt", true);
  if (how === "pushState") scrollTo(0, 0);
  const wrong = page.main.querySelector("[aria-invalid=true]") ?? page.main.querySelector("[role=alert]");
  const first = wrong ?? page.main.querySelector("h1");
  if (first && !first.matches("input, select, textarea")) first.tabIndex = -1;
  first?.focus({ preventScroll: !wrong });
}

function sending(main, pressed) {
  main.toggleAttribute("data-sending", Boolean(pressed));
  for (const button of main.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  pressed?.setAttribute?.("aria-busy", "true");
}

function decide(form, pressed) {
  const from = here(), coming = next, words = deckOf(from.main).dataset;
  const body = new URLSearchParams(new FormData(form));
  if (pressed?.name) body.append(pressed.name, pressed.value);
  sending(from.main, pressed ?? form);
  next = null;
  asked++;
  if (coming) show(coming, "pushState");
  showToast(words.saving);
  const before = earlier;
  earlier = (async () => {
    if (!(await before)) { sending(from.main, null); return false; } // one that was sent earlier lies on the table again
    const answer = await post(form, body, from).catch(() => ({ status: 0 }));
    sending(from.main, null);
    if (answer.status === 200) { settle(answer, coming); return true; }
    comeBack(from, answer, coming, words);
    return false;
  })();
  earlier.then(() => { earlier = Promise.resolve(true); });
}

async function post(form, body, from) {
  if (from.main.hasAttribute("data-stale")) await freshen(from.main);
  const page = await read(fetch(form.action, { method: "POST", body, keepalive: true }));
  // Signing in stands between: the guard led there, or kept the words on a page of its own.
  return page.main?.querySelector("#password") ? { ...page, status: 401 } : page;
}

// The person signed in again beside this page: its forms need the new session's token.
async function freshen(main) {
  const page = await read(fetch(deckOf(main).dataset.here));
  const token = page.main?.querySelector("[data-card] [name=csrf_token]")?.value;
  if (token) for (const one of main.querySelectorAll("[name=csrf_token]")) one.value = token;
}

// Recorded: the toast to take it back, and the new count, stand on the card that is already in hand.
function settle(answer, coming) {
  if (!coming || !answer.main || stage() !== coming.main) {
    if (!coming) show(answer, "pushState");
  } else {
    const head = answer.main.querySelector(".deck-head"), toast = answer.main.querySelector(".toast");
    if (head && !coming.main.querySelector(".deck-head").contains(document.activeElement)) coming.main.querySelector(".deck-head").replaceWith(head);
    showToast(toast);
    if (deckOf(answer.main)?.dataset.card === deckOf(coming.main).dataset.card) history.replaceState(null, "", deckOf(coming.main).dataset.here);
    shownUrl = location.href;
  }
  preload();
}

// Refused or lost: the card lies on the table again, with what was typed; the one in hand comes next, as it is.
function comeBack(from, answer, coming, words) {
  if (coming && stage() === coming.main) { sending(coming.main, null); next = coming; showToast(null); }
  const theirs = deckOf(answer.main)?.dataset.card === deckOf(from.main).dataset.card;
  if (theirs) {
    show({ ...answer, url: deckOf(answer.main).dataset.here }, "replaceState");
  } else {
    show(from, "replaceState");
    showToast(null);
    const said = answer.status === 401 ? words.signedOut : (answer.main?.querySelector("[role=alert]")?.textContent.trim() ?? (answer.status ? words.busyServer : words.lost));
    complain(from.main, said, answer.status === 401 ? words : null);
    from.main.toggleAttribute("data-stale", answer.status === 401 || answer.status === 400);
  }
  tell(stage().querySelector("[role=alert]")?.textContent.trim() ?? "");
  if (!next) preload();
}

function complain(main, said, signIn) {
  main.querySelector("[role=alert]")?.remove();
  const note = document.createElement("p");
  note.className = "notice alarm";
  note.setAttribute("role", "alert");
  note.tabIndex = -1;
  note.append(said);
  if (signIn) {
    const link = document.createElement("a");
    Object.assign(link, { href: signIn.signIn, target: "_blank", textContent: signIn.signInWords, className: "alone" });
    note.append(" ", link);
  }
  const open = main.querySelector(".more[open] .way[open] .inside");
  open ? open.prepend(note) : main.querySelector(".deck-head").after(note);
  note.focus();
}

// Taking back shows the earlier card again; the one in hand, with what was typed on it, is the next.
function undo(form) {
  const from = here();
  sending(from.main, form);
  earlier = earlier.then(async () => {
    const answer = await read(fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })).catch(() => ({ status: 0 }));
    sending(from.main, null);
    showToast(null);
    if (answer.status === 200 && deckOf(answer.main)) {
      asked++;
      show(answer, "pushState");
      next = deckOf(answer.main).dataset.card === deckOf(from.main)?.dataset.card ? null : from;
      if (!next) preload();
    } else {
      const words = deckOf(from.main)?.dataset;
      complain(from.main, answer.main?.querySelector("[role=alert]")?.textContent.trim() ?? words?.lost ?? "");
    }
    return true;
  });
}

async function search(form) {
  const found = form.parentElement.querySelector("[data-found]");
  const address = new URL(deckOf(stage()).dataset.here, location.href);
  for (const [name, value] of new FormData(form)) if (name !== "skip") address.searchParams.set(name, value);
  const page = await read(fetch(address)).catch(() => null);
  const theirs = page?.main?.querySelector("[data-found]");
  theirs ? found.replaceWith(theirs) : form.submit();
}
