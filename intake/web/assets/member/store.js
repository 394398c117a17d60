// What a member's phone keeps, in IndexedDB and apart from what residents write on it: pages to read without signal, and what waits to be sent.
//   pages    cards and the like as the server made them, until their time is over
//   waiting  decisions and reports that have not arrived yet, in the order they were made
// Every row belongs to one person (`who`, the number of the account): nobody else's are shown or sent.
import { openDB } from "idb";

const PATIENCE = 2000, DAY = 86_400_000;
export const ASK_DAYS = 7, GONE_DAYS = 30;

let opened;

export function store() {
  opened ??= openDB("zhibao-member", 1, {
    upgrade(db) {
      db.createObjectStore("pages", { keyPath: "path" });
      db.createObjectStore("waiting", { keyPath: "id", autoIncrement: true });
    },
    blocking() { opened?.then(db => db.close()); opened = undefined; },
    terminated() { opened = undefined; },
  });
  return opened;
}

// Whether anything can be kept: a private window, an old browser or a full phone may refuse, or never answer. What is too old goes first.
let ready;
export const canKeep = () => ready ??= Promise.race([sweep().then(() => true, () => false), new Promise(tell => { setTimeout(tell, PATIENCE, false); })]);

async function sweep(now = Date.now()) {
  const db = await store();
  for (const page of await db.getAll("pages")) if (page.until <= now) await db.delete("pages", page.path);
  for (const entry of await db.getAll("waiting")) if (now - entry.at > GONE_DAYS * DAY) await db.delete("waiting", entry.id);
}

// What waited for a week isn't sent any more unasked.
export const isStale = (entry, now = Date.now()) => now - entry.at > ASK_DAYS * DAY;

// Who is signed in on this page, as a number; null where nobody is.
export const whoIsHere = () => Number(document.querySelector("[data-who]")?.dataset.who) || null;

// Somebody else's pages go as soon as another person is here; what they have not sent yet stays theirs, unseen.
export async function belongTo(who) {
  const db = await store();
  for (const page of await db.getAll("pages")) if (page.who !== who) await db.delete("pages", page.path);
}

// The page kept under `path` whose time is not over; the service worker asks too.
export async function keptPage(path, now = Date.now()) {
  const page = await (await store()).get("pages", path);
  return page && page.until > now ? page : null;
}

export async function forgetPages() {
  await (await store()).clear("pages");
  changed();
}

// Every page of this browser hears that something changed, this one too.
const line = "BroadcastChannel" in globalThis ? new BroadcastChannel("zhibao-member") : null, listeners = [];
const hear = () => listeners.forEach(act => act());
if (line) line.onmessage = hear;

export function changed() {
  line?.postMessage("changed");
  hear();
}

export const whenChanged = act => listeners.push(act);
