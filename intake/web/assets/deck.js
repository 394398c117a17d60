// One card after the other without waiting: the next card is fetched while this one is read, and shown the moment this one is decided.
// A decision lies in the outbox before it is sent; a refusal brings the card back with everything that was typed on it, and without a signal
// the deck goes on with the cards that lie on the phone. Where nothing can be kept, every form is sent as without script.
import { fill, make } from "./form/words.js";
import { keepCards, nextKept } from "./member/keeping.js";
import { GONE, IN_HAND, REFUSED, drop, outcome, pending, queue, takeBack } from "./member/outbox.js";
import { send } from "./member/sending.js";
import { canKeep, whoIsHere } from "./member/store.js";
import { clock } from "./member/strip.js";
import { showToast, tell } from "./toast.js";

const GRACE = 600; // ms in which a second tap still belongs to the card before
const REGRET = 10; // seconds for which what waits for a signal can be taken back with one tap

let next = null; // { url, title, main } of the card that follows
let asked = 0;
let isKeeping = false;
let shownAt = -GRACE;
let shownUrl = "";
const takenBack = new Set();

const stage = () => document.getElementById("main");
const deckOf = main => main?.querySelector("[data-card]");
const here = () => ({ url: location.href, title: document.title, main: stage() });
const token = () => stage().querySelector("[name=csrf_token]")?.value;

export async function deal() {
  if (!deckOf(stage())) return;
  shownUrl = location.href;
  addEventListener("popstate", () => {
    if (location.href.split("#")[0] !== shownUrl.split("#")[0]) location.reload(); // the server knows what that page is now
  });
  document.addEventListener("submit", event => {
    const form = event.target;
    if (!deckOf(stage())) return;
    if (form.matches("[data-search]")) { event.preventDefault(); search(form); }
    if (!form.matches("[data-decide], [data-undo]")) return needSignal(event);
    if (!isKeeping) return;
    event.preventDefault();
    if (form.closest("[data-sending]")) return;
    if (form.matches("[data-undo]")) undo(form);
    else if (performance.now() - shownAt >= GRACE) decide(form, event.submitter);
  });
  isKeeping = await canKeep();
  if (isKeeping) await takeUp(stage());
  const { kept } = document.documentElement.dataset;
  if (kept) sayAge(stage(), Number(kept));
  const idle = window.requestIdleCallback ?? (then => setTimeout(then, 200));
  idle(preload);
}

// What isn't kept on the phone can't be done without a signal; the browser's own page would throw away what was typed.
function needSignal(event) {
  if (navigator.onLine || event.defaultPrevented || event.target.method !== "post") return;
  event.preventDefault();
  complain(stage(), deckOf(stage()).dataset.needsSignal);
}

async function preload() {
  const mine = ++asked, deck = deckOf(stage());
  next = null;
  if (!deck?.dataset.next) return;
  const waiting = isKeeping ? await pending() : [], address = new URL(deck.dataset.next, location.href);
  for (const entry of waiting) if (entry.about) address.searchParams.append("past", entry.about.split("/").pop());
  const page = navigator.connection?.saveData ? null : await read(fetch(address, { headers: { "X-Ahead": "1" } })).catch(() => null);
  if (mine !== asked) return;
  // The end of the queue is not shown ahead: it would still count what is being decided.
  if (page?.status === 200 && deckOf(page.main)) next = page;
  else if (!page && isKeeping) next = await fromPhone(deck, waiting);
  if (isKeeping) keepCards().catch(() => {});
}

// The next card of those that lie on the phone, with the hour at which it was put there.
async function fromPhone(deck, waiting) {
  const skips = [deck.dataset.next, location.href].flatMap(address => new URL(address, location.href).searchParams.getAll("skip"));
  const skipped = skips.map(id => deck.dataset.path.replace(/\d+$/, id));
  const kept = await nextKept(whoIsHere(), waiting, [deck.dataset.path, ...skipped]);
  return kept && { ...parse(kept.html), status: 200, url: new URL(kept.path, location.href).href, at: kept.at };
}

async function read(answering) {
  const answer = await answering;
  return { status: answer.status, url: answer.url, ...parse(await answer.text()) };
}

function parse(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return { title: parsed.title, main: parsed.getElementById("main") };
}

function show(page, how) {
  stage().replaceWith(page.main);
  document.title = page.title;
  history[how](null, "", page.url);
  shownUrl = location.href;
  shownAt = performance.now();
  page.main.toggleAttribute("data-dealt", true);
  sayAge(page.main, page.at);
  if (how === "pushState") scrollTo(0, 0);
  const wrong = page.main.querySelector("[aria-invalid=true]") ?? page.main.querySelector("[role=alert]");
  const first = wrong ?? page.main.querySelector("h1");
  if (first && !first.matches("input, select, textarea")) first.tabIndex = -1;
  first?.focus({ preventScroll: !wrong });
  document.dispatchEvent(new Event("dealt"));
}

// A card from the phone says since when it has lain there.
function sayAge(main, at) {
  const strip = main.querySelector("#on-phone");
  if (!at || !strip || main.querySelector("[data-age]")) return;
  const note = make("p", { className: "notice", textContent: fill(strip.dataset.old, { time: clock(at) }) });
  note.setAttribute("data-age", "");
  strip.before(note);
}

function sending(main, pressed) {
  main.toggleAttribute("data-sending", Boolean(pressed));
  for (const button of main.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  pressed?.setAttribute?.("aria-busy", "true");
}

async function decide(form, pressed) {
  const from = here(), coming = next, deck = deckOf(from.main), words = deck.dataset, fields = [...new FormData(form)], session = token();
  if (pressed?.name) fields.push([pressed.name, pressed.value]);
  sending(from.main, pressed ?? form);
  next = null;
  asked++;
  const url = form.getAttribute("action"), entry = { kind: "decision", url, fields, words: whatItSays(from.main, form, pressed), about: words.path };
  const kept = queue(entry).catch(() => null);
  if (coming) show(coming, "pushState");
  showToast(words.saving);
  const id = await kept;
  if (id === null) return comeBack(from, { status: 0 }, coming);
  if (coming) claim(coming.main);
  await send({ token: session, who: whoIsHere() }).catch(() => {});
  sending(from.main, null);
  if (takenBack.has(id)) return;
  const answer = await outcome(id);
  if (!answer) await waitForSignal(id, from, coming);
  else if (answer.status === 200) await settle(answer.said, coming);
  else await comeBack(from, answer, coming, { ...entry, id });
}

// What the list of waiting decisions shows: what was pressed, the resident's words, what was typed.
function whatItSays(main, form, pressed) {
  const panel = form.closest(".way")?.querySelector("summary span")?.textContent, picked = pressed?.querySelector?.("span")?.textContent;
  const suggested = form.elements.quick && !picked ? main.querySelector(".hint h2")?.textContent : "";
  const what = [panel ?? pressed?.textContent ?? "", picked ?? suggested].filter(Boolean).join("：").trim();
  return { what, of: main.querySelector("h1")?.textContent.trim(), said: [form.elements.title, form.elements.words].filter(one => one?.type !== "hidden").map(one => one?.value ?? "").filter(Boolean).join("\n") };
}

// The card that was fetched ahead is looked at from now on.
function claim(main) {
  const deck = deckOf(main), body = new URLSearchParams({ csrf_token: main.querySelector("[name=csrf_token]")?.value ?? "" });
  if (deck && navigator.onLine) fetch(`${deck.dataset.path}/claim`, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {});
}

// Recorded: the line to take it back, and the new count, stand on the card that is already in hand.
async function settle(said, coming) {
  if (coming && stage() === coming.main) {
    recount(coming.main, said);
    showToast(said.toast ? new DOMParser().parseFromString(said.toast, "text/html").querySelector(".toast") : null);
    return preload();
  }
  if (coming) return;
  const page = await read(fetch(said.next ?? deckOf(stage()).dataset.next)).catch(() => null);
  if (page?.main) show(page, "pushState");
  if (deckOf(stage())) preload();
}

function recount(main, said) {
  const heading = main.querySelector(".deck-head strong"), bar = main.querySelector(".queue-bar");
  if (heading && said.heading) heading.textContent = said.heading;
  if (bar && said.left !== undefined) Object.assign(bar, { max: said.left + said.done_today || 1, value: said.done_today });
}

// No answer: it waits on the phone, and the deck goes on with what lies there.
async function waitForSignal(id, from, coming) {
  const words = deckOf(from.main).dataset;
  if (!coming && stage() === from.main) {
    const kept = await fromPhone(deckOf(from.main), await pending());
    if (kept) show(kept, "pushState");
    else if (navigator.serviceWorker?.controller) return location.assign(words.kept);
    else return complain(from.main, words.waits);
    coming = kept;
  }
  if (stage() !== coming?.main) return;
  const toast = make("div", { className: "toast noprint" }, make("p", { textContent: words.waits }));
  const form = make("form", { method: "post", action: `${words.path}/undo` }, make("button", { textContent: words.undo }));
  form.append(make("input", { type: "hidden", name: "csrf_token", value: token() ?? "" }));
  Object.assign(form.dataset, { undo: "", entry: id });
  form.whatItWas = from;
  toast.dataset.left = REGRET;
  toast.append(form);
  showToast(toast);
  preload();
}

// Refused or lost: the card lies on the table again as it is now, with what was typed; the one in hand comes next, as it is.
async function comeBack(from, answer, coming, entry = null) {
  if (coming && stage() === coming.main) { sending(coming.main, null); next = coming; showToast(null); }
  const words = deckOf(from.main).dataset, said = answer.said ?? {};
  const now = answer.status === 0 ? null : await (said.look ? readFully(entry) : read(fetch(words.here))).catch(() => null);
  const theirs = deckOf(now?.main)?.dataset.card === deckOf(from.main).dataset.card;
  const page = theirs ? { ...now, url: new URL(words.here, location.href).href } : from;
  show(page, "replaceState");
  showToast(null);
  if (theirs && !said.look) fillIn(page.main, entry, said.field);
  if (!said.look || !theirs) complain(page.main, said.error ?? words.lost, said.field);
  // What can be mended is in hand; what somebody else was faster with stays in the list too, until it is decided anew or let go.
  if (entry && answer.status === 422) await drop(entry.id);
  tell(stage().querySelector("[role=alert]")?.textContent.trim() ?? "");
  if (!next) preload();
}

// Remarks on an answer stand on the server's own page.
function readFully({ url, fields }) {
  return read(fetch(url, { method: "POST", body: new URLSearchParams(fields) }));
}

// What was typed, back into the form it came from; where that form is gone, below the card.
function fillIn(main, { url, fields }, wrong = null) {
  const typed = fields.filter(([name, value]) => value && !UNTYPED.includes(name)), path = pathOf(url);
  const form = [...main.querySelectorAll("[data-decide]")].find(one => pathOf(one.action) === path && typed.every(([name]) => one.elements[name]?.form));
  if (!form) return keepInSight(main, typed);
  for (const [name, value] of typed) form.elements[name].value = value;
  const panel = typed.length ? form.closest("details.way") : null;
  if (panel) panel.open = panel.closest("details.more").open = true;
  const field = wrong && form.elements[wrong];
  field?.setAttribute?.("aria-invalid", "true");
  field?.setAttribute?.("aria-describedby", "error");
}

const UNTYPED = ["csrf_token", "version", "nonce", "quick", "checked", "skip", "topic"];
const pathOf = address => new URL(address, location.href).pathname;

function keepInSight(main, typed) {
  const words = typed.filter(([name]) => name === "words" || name === "title").map(([, value]) => value).join("\n");
  if (!words) return;
  const kept = make("section", { className: "sheet kept" }, make("h2", { textContent: deckOf(main).dataset.yours }), make("p", { className: "said", textContent: words }));
  main.querySelector("article.sheet").after(kept);
}

// A card whose decision waits, or was refused while nobody looked: what was chosen and typed stands on it again.
async function takeUp(main) {
  const deck = deckOf(main), entry = (await pending()).find(one => one.about === deck.dataset.path);
  if (!entry) return;
  fillIn(main, entry, entry.answer?.field);
  const sentence = entry.state === IN_HAND ? deck.dataset.changing : deck.dataset.waiting;
  const said = { what: entry.words.what, time: clock(entry.at) };
  if (entry.state === REFUSED) complain(main, `${entry.because} ${fill(deck.dataset.chose, said)}`, entry.answer?.field);
  else main.querySelector(".deck-head").after(make("p", { className: "notice soon", textContent: fill(sentence, said) }));
}

function complain(main, said, field = null) {
  main.querySelector("[role=alert]")?.remove();
  const note = make("p", { className: "notice alarm", id: "error", tabIndex: -1, textContent: said });
  note.setAttribute("role", "alert");
  const open = main.querySelector(".more[open] .way[open] .inside"), wrong = field && main.querySelector("[aria-invalid=true]");
  open ? open.prepend(note) : main.querySelector(".deck-head").after(note);
  (wrong || note).focus();
}

// Taking back shows the earlier card again; the one in hand, with what was typed on it, is the next.
async function undo(form) {
  const from = here(), id = Number(form.dataset.entry), how = id ? await takeBack(id) : GONE;
  if (how !== GONE) {
    takenBack.add(id);
    asked++;
    showToast(null);
    show({ ...form.whatItWas }, "pushState");
    next = from;
    return;
  }
  sending(from.main, form);
  const answer = await read(fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })).catch(() => ({ status: 0 }));
  sending(from.main, null);
  showToast(null);
  if (answer.status === 200 && deckOf(answer.main)) {
    asked++;
    show(answer, "pushState");
    next = deckOf(answer.main).dataset.card === deckOf(from.main)?.dataset.card ? null : from;
    if (!next) preload();
  } else {
    complain(from.main, answer.main?.querySelector("[role=alert]")?.textContent.trim() ?? deckOf(from.main)?.dataset.lost ?? "");
  }
}

async function search(form) {
  const found = form.parentElement.querySelector("[data-found]");
  const address = new URL(deckOf(stage()).dataset.here, location.href);
  for (const [name, value] of new FormData(form)) if (name !== "skip") address.searchParams.set(name, value);
  const page = await read(fetch(address)).catch(() => null);
  const theirs = page?.main?.querySelector("[data-found]");
  theirs ? found.replaceWith(theirs) : form.submit();
}
