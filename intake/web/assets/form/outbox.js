// What was pressed off: kept first, then sent, words before photos. Sending the same again is harmless: the form's key stands for the words,
// the bytes for a photo. Pages and the service worker use it.
import { changed, isStale, store } from "./store.js";

const WORDS_WAIT = 20_000, FIRST_PAUSE = 5_000, LONGEST_PAUSE = 300_000, PROOF_GOOD = 300_000;
// The words are on their way; the photos are; all arrived but photos that were left out; the words were refused; nothing is left to do.
export const WORDS = "words", PHOTOS = "photos", LEFT = "left", REFUSED = "refused", DONE = "done";

// No answer, or none of ours: later. `busy` when a server answered at all.
class Later extends Error {
  constructor(isBusy) {
    super();
    this.isBusy = isBusy;
  }
}

// entry: {code, where, action, key, asked, form: [[name, value]…], photos: [{id}…]}; `asked`: when it was known whether the point wants a proof
// of work, 0 for never. Gives its id.
export async function putOff(entry) {
  const db = await store();
  return db.add("outbox", { state: WORDS, ...entry, tries: 0, due: 0, at: Date.now() });
}

// Sends what waits: one entry, or all that are due; says whether something still waits for the network. `prove(challenge)` gives the proof, or
// "" where there is none to be had.
export async function flush({ only = null, all = false, upload = uploadPlainly, prove = leaveToPage } = {}) {
  let waits = false;
  const db = await store();
  for (const { id, due } of await db.getAll("outbox")) {
    if (only !== null && id !== only) continue;
    if (all || only !== null || due <= Date.now()) await alone(`outbox ${id}`, () => sendKept(db, id, upload, prove));
    const left = await db.get("outbox", id);
    waits ||= Boolean(left && isSending(left));
  }
  return waits;
}

export const isSending = entry => (entry.state === WORDS || entry.state === PHOTOS) && !isStale(entry);

// When the next try is due, in milliseconds from now; null when nothing waits.
export async function nextTry() {
  const waiting = (await (await store()).getAll("outbox")).filter(isSending);
  return waiting.length ? Math.max(0, Math.min(...waiting.map(one => one.due)) - Date.now()) : null;
}

// One sender for each entry, of all pages and the worker; where there are no locks two may send, which is harmless.
function alone(name, act) {
  return navigator.locks ? navigator.locks.request(name, { ifAvailable: true }, lock => lock && act()) : act();
}

async function sendKept(db, id, upload, prove) {
  const entry = await db.get("outbox", id);
  if (!entry || !isSending(entry)) return;
  // What its owner took away meanwhile stays away.
  const keep = async () => {
    const now = await db.get("outbox", id);
    entry.photos = entry.photos.filter(photo => now?.photos.some(one => one.id === photo.id));
    if (now) await db.put("outbox", entry);
    changed();
  };
  try {
    if (entry.state === WORDS) await sendWords(db, entry, keep, prove);
    if (entry.state === PHOTOS) await sendPhotos(db, entry, keep, upload);
    entry.tries = 0;
  } catch (error) {
    if (!(error instanceof Later)) throw error;
    entry.isBusy = error.isBusy;
    entry.due = Date.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** entry.tries++);
  }
  if (entry.state === DONE) {
    await db.delete("outbox", id);
    changed();
  } else await keep();
}

async function sendWords(db, entry, keep, prove) {
  if (Date.now() - (entry.asked ?? 0) > PROOF_GOOD) await proveAgain(entry, prove);
  const { status, said } = await post(entry);
  if (status === 200) {
    await db.put("receipts", { number: said.number, url: said.receipt, where: entry.where, entry: entry.id, at: Date.now(), isTold: false });
    Object.assign(entry, { state: entry.photos.length ? PHOTOS : DONE, number: said.number, receipt: said.receipt, photosTo: said.photos, form: [] });
    return keep();
  }
  if (status === 410 && said.key && !entry.isRenewed) {
    Object.assign(entry, { key: said.key, isRenewed: true });
    await keep();
    return sendWords(db, entry, keep, prove);
  }
  Object.assign(entry, { state: REFUSED, because: said.error, field: said.field, key: said.key ?? entry.key });
}

// What waited has no proof, or one too old. Without one it is asked again at the next try, and sent all the same: staff look first.
async function proveAgain(entry, prove) {
  const answer = await reached(`/p/${entry.code}/proof`, { cache: "no-store" });
  if (answer[0] >= 400 && answer[0] < 500) return; // no such point any more: the answer to the words says so
  const { said } = understood(...answer);
  const proof = said.parameters ? await prove(said) : null;
  entry.form = entry.form.filter(([name]) => name !== "proof");
  if (proof === "") return;
  if (proof) entry.form.push(["proof", proof]);
  entry.asked = Date.now();
}

function leaveToPage() {
  throw new Later(true);
}

async function sendPhotos(db, entry, keep, upload) {
  for (const photo of entry.photos) {
    if (photo.isSent || photo.because) continue;
    const kept = await db.get("photos", photo.id);
    if (kept) {
      photo.hasFailed = false;
      await keep();
      try {
        photo.because = await sendPhoto(entry, kept, upload);
      } catch (error) {
        photo.hasFailed = true;
        await keep();
        if (!entry.photos.includes(photo)) continue; // its owner stopped it
        throw error;
      }
    }
    photo.isSent = !photo.because; // gone without a trace: another page has sent it
    await keep();
    await db.delete("photos", photo.id);
  }
  entry.state = entry.photos.some(photo => photo.because) ? LEFT : DONE;
}

// The sentence why it was left out, null when it arrived.
async function sendPhoto(entry, kept, upload) {
  const body = new FormData();
  body.append("photos", kept.blob, kept.name);
  const { status, said } = await upload(entry.photosTo, body, kept.id);
  if (status === 200) return said.left?.[0]?.because ?? null;
  if (said?.error) return said.error;
  throw new Later(true);
}

async function post(entry) {
  const body = new URLSearchParams(entry.form);
  body.set("key", entry.key);
  return understood(...await reached(entry.action, { method: "POST", body }));
}

// Status, type and text of what comes back in time.
async function reached(address, how) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), WORDS_WAIT);
  try {
    const answer = await fetch(address, { ...how, headers: { Accept: "application/json" }, signal: stop.signal });
    return [answer.status, answer.headers.get("Content-Type"), await answer.text()];
  } catch {
    throw new Later(false);
  } finally {
    clearTimeout(timer);
  }
}

async function uploadPlainly(address, body) {
  try {
    return await read(await fetch(address, { method: "POST", headers: { Accept: "application/json" }, body }));
  } catch (error) {
    throw error instanceof Later ? error : new Later(false);
  }
}

// A page in place of JSON is somebody else's, such as a hotel's sign-in, or our own in trouble.
async function read(answer) {
  return understood(answer.status, answer.headers.get("Content-Type"), await answer.text());
}

export function understood(status, type, text) {
  if (status >= 500 || !type?.startsWith("application/json")) throw new Later(true);
  return { status, said: JSON.parse(text) };
}

export const noAnswer = () => new Later(false);

export async function dropPhoto(id, photoId) {
  const db = await store(), entry = await db.get("outbox", id);
  if (!entry) return;
  entry.photos = entry.photos.filter(photo => photo.id !== photoId);
  await db.delete("photos", photoId);
  if (entry.photos.length || entry.state === WORDS) await db.put("outbox", entry);
  else await db.delete("outbox", id);
  changed();
}

export async function drop(id) {
  const db = await store(), entry = await db.get("outbox", id);
  for (const photo of entry?.photos ?? []) await db.delete("photos", photo.id);
  await db.delete("outbox", id);
  changed();
}

// Back into the box: the draft of its point becomes what waited, below what may stand there already.
export async function takeBack(id) {
  const db = await store(), entry = await db.get("outbox", id);
  if (!entry) return null;
  const draft = await db.get("drafts", entry.code);
  const fields = { ...Object.fromEntries(entry.form), photo: entry.form.filter(([name]) => name === "photo").map(([, value]) => value) };
  fields.text = [draft?.fields.text, fields.text].filter(Boolean).join("\n");
  await db.put("drafts", {
    code: entry.code, key: entry.key, at: Date.now(), fields: { ...draft?.fields, ...fields },
    photos: [...(draft?.photos ?? []), ...entry.photos.map(photo => photo.id)],
  });
  await db.delete("outbox", id);
  changed();
  return entry;
}
