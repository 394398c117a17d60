// What a member decided or reported and the network has not taken yet: kept first, then sent, one after the other in the order it was made.
// Each carries a nonce, so that sending the same again is harmless. Pages and the service worker use it.
import { canKeep, changed, isStale, store, whoIsHere } from "./store.js";

const WORDS_WAIT = 20_000, FILES_WAIT = 180_000, FIRST_PAUSE = 5_000, LONGEST_PAUSE = 300_000;
// It waits; it was refused and is to be looked at; its person has it in hand again.
export const WAITING = "waiting", REFUSED = "refused", IN_HAND = "in hand";

// Keeps something to be sent, and gives its id; null where nothing can be kept, so that the page sends it as it would without script.
//   kind    what the list shows it as: "decision", "report", …
//   url     where it is posted; the answer is JSON {"done": true, …} or {"error": sentence, …}
//   fields  pairs [name, value] or a FormData; `nonce` (32 hex digits) is added where it is missing, the CSRF token when it is sent
//   files   [[field, name, blob], …]: sent one by one after the words, to the address `files` of the answer
//   words   {what, of, said}: for the list: what it does, what it is about, what was typed
//   about   an address of which only one may wait: the later one takes the earlier one's place
export async function queue({ kind, url, fields, files = [], words = {}, about = null }) {
  const who = whoIsHere();
  if (!who || !(await canKeep())) return null;
  const db = await store(), pairs = [...fields].filter(([name, value]) => name !== "csrf_token" && typeof value === "string");
  if (!pairs.some(([name]) => name === "nonce")) pairs.push(["nonce", nonce()]);
  for (const other of about ? await pending(who) : []) if (other.about === about) await db.delete("waiting", other.id);
  const id = await db.add("waiting", { who, kind, url, fields: pairs, files, words, about, state: WAITING, tries: 0, due: 0, at: Date.now() });
  changed();
  return id;
}

export function nonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(one => one.toString(16).padStart(2, "0")).join("");
}

// This person's own, the earliest first.
export async function pending(who = whoIsHere()) {
  return (await (await store()).getAll("waiting")).filter(one => one.who === who);
}

export const isSending = entry => entry.state === WAITING && !isStale(entry);

// Takes one away unsent; false when it has just gone.
export async function drop(id) {
  const db = await store(), change = db.transaction("waiting", "readwrite"), found = await change.store.get(id);
  if (found) await change.store.delete(id);
  await change.done;
  changed();
  return Boolean(found);
}

// Takes one back for good: GONE where it has arrived already, DROPPED where it never left, TO_UNDO where nobody knows: then it is sent once
// more, which is harmless, and undone in the same breath.
export const GONE = "gone", DROPPED = "dropped", TO_UNDO = "to undo";
export function takeBack(id) {
  return alone(async () => {
    const found = await (await store()).get("waiting", id);
    if (!found) return GONE;
    if (!found.isTried) return drop(id).then(() => DROPPED);
    return set(id, { isTakenBack: true }).then(() => TO_UNDO);
  });
}

// Writes into one that still waits: `set(id, {state: IN_HAND})`.
export async function set(id, values) {
  const db = await store(), change = db.transaction("waiting", "readwrite"), found = await change.store.get(id);
  if (found) await change.store.put({ ...found, ...values });
  await change.done;
  changed();
  return Boolean(found);
}

// Sends what waits for whoever is signed in; gives how many still wait. `all`: those too whose next try isn't due yet; `token` and `who`:
// what the open page knows of its session, which spares a question.
export const flush = ({ all = true, token = null, who = null } = {}) => alone(() => sendInOrder({ all, token, who }));

// One at a time of all pages and the worker; where there are no locks two may send, which the nonce makes harmless.
const alone = act => navigator.locks ? navigator.locks.request("member outbox", act) : act();

// How it ended: the answer; null while it waits. Another page or the worker may have sent it: then nothing more is known than that it arrived.
const answered = new Map();
export async function outcome(id) {
  if (answered.has(id)) return answered.get(id);
  const entry = await (await store()).get("waiting", id);
  if (!entry) return { status: 200, said: {} };
  return entry.state === REFUSED ? { status: entry.status, said: entry.answer } : null;
}

// When the next try is due, in milliseconds from now; null when nothing waits.
export async function nextTry(who = whoIsHere()) {
  const waiting = (await pending(who)).filter(isSending);
  return waiting.length ? Math.max(0, Math.min(...waiting.map(one => one.due)) - Date.now()) : null;
}

async function sendInOrder({ all, token, who }) {
  const db = await store();
  let me = token && who ? { token, who } : null;
  for (const { id } of await db.getAll("waiting")) {
    const entry = await db.get("waiting", id); // its person may have taken it away meanwhile
    if (!entry || !isSending(entry) || (!all && entry.due > Date.now())) continue;
    if (me && entry.who !== me.who) continue;
    try {
      if (!navigator.onLine) throw new Later(false); // nothing leaves, so that it can still be taken back here
      me ??= await identity();
      if (entry.who !== me.who) continue;
      await set(id, { isTried: true });
      let answer = await post(entry, me.token);
      if (answer.status === 400 || answer.status === 401) { // another session since this page was opened, or none
        me = await identity();
        if (entry.who !== me.who) continue;
        answer = await post(entry, me.token);
      }
      if (answer.status === 200 && entry.isTakenBack) answer = await post({ url: `${entry.about}/undo`, fields: [], files: [] }, me.token);
      answered.set(id, answer);
      if (answer.status === 200 && entry.about) await db.delete("pages", entry.about); // nothing is left to decide on it
      if (answer.status === 200) await drop(id);
      else await set(id, { state: REFUSED, isTried: false, because: answer.said.error, answer: answer.said, status: answer.status });
    } catch (error) {
      if (!(error instanceof Later)) throw error;
      const due = Date.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** entry.tries);
      await set(id, { tries: entry.tries + 1, due, isBusy: error.isBusy, signIn: error.signIn });
      if (!error.isAlone) break; // in order: what comes after waits too, but not for one that we can't take
    }
  }
  return (await db.getAll("waiting")).filter(one => isSending(one) && (!me || one.who === me.who)).length;
}

// No answer, or none of ours: later. `isBusy` when a server answered at all, `signIn` when it wants to know first who sends, `isAlone` when it
// failed over this one and may well take the next.
class Later extends Error {
  constructor(isBusy, { signIn = null, isAlone = false } = {}) {
    super();
    Object.assign(this, { isBusy, signIn, isAlone });
  }
}

// Who is signed in now, with the token that their session wants; the list of what may be kept comes along.
export async function identity() {
  const { status, said } = await asked("/m/kept.json", {}, WORDS_WAIT);
  if (status === 200 && !said.who) throw new Later(true); // JSON, but not ours
  return { ...said, token: said.csrf_token };
}

// The words first, then each file by itself to where the answer says: a weak signal costs one file at most, and what arrived isn't sent again.
async function post(entry, token) {
  const answer = entry.arrived ?? await postForm(entry.url, entry.fields, [], token);
  if (answer.status !== 200 || !answer.said.files) return answer;
  entry.arrived = answer;
  let left = "";
  while (entry.files.length) {
    await set(entry.id, { arrived: answer, files: entry.files });
    const taken = await postForm(answer.said.files, [], entry.files.slice(0, 1), token);
    if (taken.status !== 200) return taken;
    left ||= taken.said.error ?? "";
    entry.files = entry.files.slice(1);
  }
  return left ? { status: 422, said: { ...answer.said, error: left, field: null } } : answer;
}

async function postForm(url, fields, files, token) {
  const body = files.length ? new FormData() : new URLSearchParams();
  for (const [name, value] of [...fields, ["csrf_token", token]]) body.append(name, value);
  for (const [field, name, blob] of files) body.append(field, blob, name);
  try {
    const answer = await asked(url, { method: "POST", body }, files.length ? FILES_WAIT : WORDS_WAIT);
    if (answer.status === 200 && !answer.said.done) throw new Later(true); // JSON, but not ours: nothing says that it was recorded
    return answer;
  } catch (error) {
    if (error instanceof Later && error.signIn) return { status: 401 };
    throw error;
  }
}

// A page in place of JSON is somebody else's, such as a hotel's sign-in, or our own in trouble.
async function asked(url, how, patience) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), patience);
  let answer, said;
  try {
    answer = await fetch(url, { ...how, headers: { Accept: "application/json" }, signal: stop.signal, cache: "no-store" });
    said = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : null;
  } catch {
    throw new Later(false);
  } finally {
    clearTimeout(timer);
  }
  if (answer.status >= 500 || answer.status === 429 || !said) throw new Later(true, { isAlone: answer.status === 500 && how.method === "POST" });
  if (answer.status === 401) throw new Later(true, { signIn: said.sign_in });
  return { status: answer.status, said };
}
