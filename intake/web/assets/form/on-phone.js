// What this phone still has to send, and what was sent from it: shown on the form, on receipts and where receipts are looked for.
import { canKeep, changed, isStale, store, whenChanged } from "./store.js";
import { LEFT, PHOTOS, REFUSED, WORDS, drop, dropPhoto, flush, nextTry, takeBack } from "./outbox.js";
import { tile } from "./tile.js";
import { stopUpload, uploader } from "./upload.js";
import { button, fill, make } from "./words.js";
import { askForSync } from "./worker.js";

const EXCERPT = 60, PROOF_WAIT = 15_000;
const shown = new Map(), percent = new Map();
let waiting, sent, quiet = () => false, bringBack = () => false, timer;

// `leaveOut(id, hasArrived)` is true for what the page itself is showing; `comeBack(entry)` puts what is its own into the form, false for others'.
export async function showOnPhone({ leaveOut, comeBack } = {}) {
  waiting = document.getElementById("waiting");
  sent = document.getElementById("sent-here");
  if (!(waiting || sent) || !(await canKeep())) return;
  quiet = leaveOut ?? quiet;
  bringBack = comeBack ?? bringBack;
  await refresh();
  whenChanged(refresh);
  addEventListener("online", () => send({ all: true }));
  addEventListener("visibilitychange", async () => { if (document.hidden && (await nextTry()) !== null) askForSync(); });
  addEventListener("pageshow", event => { if (event.persisted) send({ all: true }); });
  send({ all: true });
}

// Sends what waits, and again when the next try is due; the worker is asked to do it when no page is open.
export async function send(how = {}) {
  clearTimeout(timer);
  const waits = await flush({ ...how, upload: uploader(progress), prove });
  // As long as it is open and the network is there, the page does better: it shows what happens.
  if (waits && !navigator.onLine) askForSync();
  const due = await nextTry();
  if (due !== null) timer = setTimeout(send, due + 50);
}

// Loaded only for a point under attack.
async function prove(challenge) {
  try {
    return await (await import("../solve.js")).solved(challenge, PROOF_WAIT);
  } catch {
    return ""; // it isn't to be had now
  }
}

function progress(id, done) {
  percent.set(id, done);
  shown.get(id)?.say(`${done}%`);
}

export async function refresh() {
  const db = await store(), all = await db.getAll("outbox"), entries = all.filter(entry => !quiet(entry.id, false));
  const receipts = (await db.getAll("receipts")).sort((one, other) => other.at - one.at);
  if (waiting) {
    const held = waiting.contains(document.activeElement);
    const news = receipts.filter(one => !one.isTold && !quiet(one.entry, true) && !all.some(entry => entry.id === one.entry));
    shown.clear();
    const parts = [...news.map(arrived), ...(await Promise.all(entries.map(part)))];
    waiting.replaceChildren(...parts);
    waiting.hidden = !parts.length;
    if (held && parts.length) waiting.focus();
  }
  if (sent) showSent(receipts);
}

// Sent while nobody was looking: said until its receipt is opened, or this was pressed away.
function arrived(receipt) {
  const told = async () => { await (await store()).put("receipts", { ...receipt, isTold: true }); changed(); };
  const line = make("p", { className: "notice act", textContent: fill(waiting.dataset.arrived, receipt) });
  return make("div", { className: "wait" }, line, acts(link(receipt.url, told), button(waiting.dataset.seen, told)));
}

async function part(entry) {
  const words = waiting.dataset, said = entry.form.find(([name]) => name === "text")?.[1] ?? "", state = stateOf(entry);
  const made = make("div", { className: "wait" }, make("p", { className: "notice soon", textContent: fill(words[state], entry) }));
  if (said) made.append(make("p", { className: "said", textContent: said.length > EXCERPT ? `${said.slice(0, EXCERPT)}…` : said }));
  if (entry.photos.length) made.append(await tiles(entry));
  made.append(acts(...buttons(entry, state, words)));
  return made;
}

function stateOf(entry) {
  if (entry.state === REFUSED) return "refused";
  if (entry.state === LEFT) return "left";
  if (isStale(entry)) return entry.state === WORDS ? "stale" : "morePhotos";
  if (entry.state === PHOTOS) return entry.tries ? "morePhotos" : "sendingPhotos";
  return entry.tries ? (entry.isBusy ? "busy" : "noSignal") : "underWay";
}

function buttons(entry, state, words) {
  const again = button(words.again, () => send({ only: entry.id }));
  const back = button(words.back, () => takeOut(entry));
  const away = button(words.away, async () => { entry.photos.forEach(photo => stopUpload(photo.id)); await drop(entry.id); });
  if (state === "underWay") return [];
  if (state === "left") return [link(entry.receipt, () => drop(entry.id))];
  if (entry.state === PHOTOS) return [link(entry.receipt), ...(entry.photos.some(photo => photo.hasFailed) ? [] : [again]), away];
  return state === "noSignal" || state === "busy" ? [again, back] : [back];
}

async function takeOut(entry) {
  if (await bringBack(entry)) return;
  await takeBack(entry.id);
  location.assign(entry.page);
}

async function tiles(entry) {
  const db = await store(), words = waiting.dataset, list = make("ul", { className: "tiles" });
  for (const [place, photo] of entry.photos.entries()) {
    if (photo.isSent) continue;
    const kept = await db.get("photos", photo.id), one = tile(kept?.blob, fill(words.name, { number: place + 1 }));
    if (photo.because) one.say(photo.because);
    else if (photo.hasFailed) one.say(words.failed);
    else if (percent.has(photo.id)) one.say(`${percent.get(photo.id)}%`);
    if (photo.hasFailed) one.append(button(words.again, () => send({ only: entry.id }), true));
    if (!photo.because) one.append(button(words.remove, () => { stopUpload(photo.id); return dropPhoto(entry.id, photo.id); }, true));
    shown.set(photo.id, one);
    list.append(one);
  }
  return list;
}

function link(url, whenOpened) {
  const made = make("a", { className: "weui-btn weui-btn_primary", href: url, textContent: waiting.dataset.look });
  made.addEventListener("click", async event => {
    if (!whenOpened) return;
    event.preventDefault();
    await whenOpened();
    location.assign(url);
  });
  return made;
}

const acts = (...inside) => make("div", { className: "acts" }, ...inside);

function showSent(receipts) {
  const list = sent.querySelector("ul");
  list.replaceChildren(...receipts.map(one => {
    const day = new Date(one.at).toLocaleDateString(document.documentElement.lang);
    const made = make("a", { className: "whole", href: one.url }, make("strong", { textContent: one.number }));
    made.append(make("span", { className: "quiet", textContent: `${one.where} · ${day}` }));
    return make("li", {}, made);
  }));
  sent.hidden = !receipts.length;
  sent.querySelector("button").onclick = async () => {
    await (await store()).clear("receipts");
    changed();
  };
}
