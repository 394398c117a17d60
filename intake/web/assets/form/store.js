// What is kept on this phone, in IndexedDB; pages and the service worker read and write it alike.
//   drafts    what is being written, one for each point
//   outbox    what was sent off and has not arrived yet
//   photos    the pictures of both
//   receipts  what arrived, so that it is found again
import { openDB } from "idb";

const PATIENCE = 2000, DAY = 86_400_000;
export const DRAFT_DAYS = 7, RECEIPT_DAYS = 180, RECEIPTS_MOST = 20;

let opened;

export function store() {
  opened ??= openDB("zhibao", 1, {
    upgrade(db) {
      db.createObjectStore("drafts", { keyPath: "code" });
      db.createObjectStore("outbox", { keyPath: "id", autoIncrement: true });
      db.createObjectStore("photos", { keyPath: "id", autoIncrement: true });
      db.createObjectStore("receipts", { keyPath: "number" });
    },
    blocking() { opened?.then(db => db.close()); opened = undefined; },
    terminated() { opened = undefined; },
  });
  return opened;
}

// Whether anything can be kept: a private window, an old browser or a full phone may refuse, or never answer. What is too old goes first.
let ready;
export const canKeep = () => ready ??= Promise.race([sweep().then(() => true, () => false), new Promise(tell => { setTimeout(tell, PATIENCE, false); })]);

// Old drafts and receipts go, and pictures that nothing names any more.
async function sweep(now = Date.now()) {
  const db = await store(), named = new Set();
  for (const draft of await db.getAll("drafts")) {
    if (now - draft.at > DRAFT_DAYS * DAY) await db.delete("drafts", draft.code);
    else draft.photos.forEach(id => named.add(id));
  }
  for (const entry of await db.getAll("outbox")) entry.photos.forEach(photo => named.add(photo.id));
  for (const photo of await db.getAll("photos"))
    if (!named.has(photo.id) && now - photo.at > DAY) await db.delete("photos", photo.id);
  const receipts = (await db.getAll("receipts")).sort((one, other) => other.at - one.at);
  for (const [place, one] of receipts.entries())
    if (place >= RECEIPTS_MOST || now - one.at > RECEIPT_DAYS * DAY) await db.delete("receipts", one.number);
}

export const isStale = (entry, now = Date.now()) => now - entry.at > DRAFT_DAYS * DAY;

// Every page of this browser hears that something changed, this one too.
const line = "BroadcastChannel" in globalThis ? new BroadcastChannel("zhibao") : null, listeners = [];
const hear = () => listeners.forEach(act => act());
if (line) line.onmessage = hear;

export function changed() {
  line?.postMessage("changed");
  hear();
}

export const whenChanged = act => listeners.push(act);
