// The next cards lie on the phone, so that they can be read, and decided, in a lift: fetched one by one while nothing else is to do, and only
// those that are new or have changed.
import { identity } from "./outbox.js";
import { belongTo, canKeep, changed, forgetPages, keptPage, store, whoIsHere } from "./store.js";

const LIST_AGE = 3_600_000, BETWEEN = 60_000, PICTURES = 3, PICTURE_BYTES = 30_000;
const AHEAD = { "X-Ahead": "1" }; // reading ahead is not looking at it: nobody else is kept out

let last = 0;

export async function keepCards(now = Date.now()) {
  if (!whoIsHere() || now - last < BETWEEN || navigator.connection?.saveData || !(await canKeep())) return;
  last = now;
  try {
    await keepWhatIsNext(await identity(), now);
  } catch (error) {
    if (error.signIn) await forgetPages(); // nobody is signed in any more: what they might read goes
  }
}

async function keepWhatIsNext({ who, seconds, cards, pages }, now) {
  await belongTo(who);
  const db = await store(), until = now + seconds * 1000, wanted = new Set(cards.map(card => card.url));
  for (const page of await db.getAll("pages")) if (page.version && !wanted.has(page.path)) await db.delete("pages", page.path);
  for (const path of pages) if (now - ((await keptPage(path))?.at ?? 0) > LIST_AGE) await keep(path, { who, until });
  for (const [place, { url, version }] of cards.entries()) {
    const kept = await keptPage(url);
    if (kept?.version === version) await db.put("pages", { ...kept, place, until });
    else await keep(url, { who, until, version, place });
  }
  changed();
}

async function keep(path, row) {
  const answer = await fetch(path, { headers: AHEAD, priority: "low" });
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || answer.redirected || Number(parsed.querySelector("[data-who]")?.dataset.who) !== row.who) return; // somebody else signed in
  parsed.querySelectorAll(".toast").forEach(one => one.remove()); // what can be taken back now can't be later
  for (const picture of [...parsed.querySelectorAll("#main .saids img")].slice(0, PICTURES)) await takeAlong(picture).catch(() => {});
  const policy = answer.headers.get("Content-Security-Policy") ?? "default-src 'none'", words = parsed.querySelector("h1")?.textContent.trim() ?? "";
  const html = `<!doctype html>${parsed.documentElement.outerHTML}`;
  await (await store()).put("pages", { ...row, path, html, policy, words, at: Date.now() });
}

// A small picture goes along inside the page; a large one is not worth its bytes.
async function takeAlong(picture) {
  const answer = await fetch(picture.getAttribute("src"), { priority: "low" }), blob = await answer.blob();
  if (!answer.ok || blob.size > PICTURE_BYTES) return;
  picture.src = await new Promise((done, failed) => {
    const reader = Object.assign(new FileReader(), { onload: () => done(reader.result), onerror: failed });
    reader.readAsDataURL(blob);
  });
}

// Of the cards that lie here the first that nothing was decided about yet, `past` left out; null when there is none.
export async function nextKept(who, waiting, past = []) {
  const found = (await keptCards(who)).find(page => !past.includes(page.path) && !waiting.some(entry => entry.about === page.path));
  return found ?? null;
}

export async function keptCards(who, now = Date.now()) {
  const all = await (await store()).getAll("pages");
  return all.filter(page => page.version && page.who === who && page.until > now).sort((one, other) => one.place - other.place);
}
