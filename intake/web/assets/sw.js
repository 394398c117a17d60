// The service worker: opens a form without signal that was opened before, and a member's cards that lie on the phone; sends what waits when
// there is signal again. No receipt is kept and no other page of whoever is signed in. What it keeps is named by the server
// (intake/web/resident/worker_script.py); the cards are the pages' own (assets/member/keeping.js).
import { isOrdinary } from "./form/choices.js";
import { flush } from "./form/outbox.js";
import { MEMBER_PAGE, keptInPlace } from "./member/without-signal.js";
import { flush as flushMember } from "./member/outbox.js";

const { version, files, member } = self.FORM, CACHE = `form-${version}`, MEMBER = `member-${version}`;
const FORM = /^\/p\/[0-9A-Za-z]{1,40}$/, PATIENCE = 6000;

self.addEventListener("install", event => event.waitUntil((async () => {
  await (await caches.open(CACHE)).addAll(files);
  await self.skipWaiting();
})()));

self.addEventListener("activate", event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE && name !== MEMBER) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", event => {
  const { request } = event, { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (files.includes(pathname) || member.includes(pathname)) event.respondWith(caches.match(pathname).then(kept => kept ?? fetch(request)));
  else if (request.mode === "navigate" && FORM.test(pathname) && isOrdinary(search)) event.respondWith(form(event, pathname));
  else if (request.mode === "navigate" && MEMBER_PAGE.test(pathname)) event.respondWith(memberPage(event));
});

self.addEventListener("message", event => {
  if (event.data?.member) event.waitUntil(caches.open(MEMBER).then(cache => keepFiles(cache)).catch(() => {}));
  const path = event.data?.keep;
  if (typeof path === "string" && FORM.test(path)) event.waitUntil(fetch(path).then(answer => keep(path, answer)).catch(() => {}));
});

// A proof is left to the next page that opens, save where the browser wakes us for the last time: then it goes without one, and staff look first.
self.addEventListener("sync", event => event.waitUntil((async () => {
  const prove = event.lastChance ? () => "" : undefined;
  if (await (event.tag === "member" ? flushMember() : flush({ all: true, prove }))) throw new Error("still waiting"); // the browser asks again
})()));

// From the network; what is kept where that fails or takes too long.
async function form(event, path) {
  const fresh = fetch(event.request).then(answer => {
    event.waitUntil(keep(path, answer.clone()));
    return answer;
  });
  const kept = await (await caches.open(CACHE)).match(path);
  if (!kept) return fresh;
  event.waitUntil(fresh.catch(() => {}));
  return Promise.race([fresh, new Promise((_done, failed) => { setTimeout(failed, PATIENCE); })]).catch(() => old(kept));
}

// A member's page from the network; without it, or where that takes too long, what lies on the phone.
async function memberPage(event) {
  const fresh = fetch(event.request), inPlace = keptInPlace(new URL(event.request.url));
  fresh.catch(() => {});
  return Promise.race([fresh, new Promise((_done, failed) => { setTimeout(failed, PATIENCE); })]).catch(async () => (await inPlace.catch(() => null)) ?? fresh);
}

async function keepFiles(cache) {
  const kept = (await cache.keys()).map(one => new URL(one.url).pathname);
  await cache.addAll(member.filter(path => !files.includes(path) && !kept.includes(path)));
}

// Only a form that the server says holds nothing of anybody; one that is no more, such as a paused point's, goes.
async function keep(path, answer) {
  const cache = await caches.open(CACHE);
  if (answer.ok && answer.headers.get("Zhibao-Keep") === "form") await cache.put(path, answer);
  else if (answer.status >= 400 && answer.status < 500 || answer.ok) await cache.delete(path);
}

// It says of itself that it is old (form.js).
async function old(kept) {
  const headers = new Headers(kept.headers);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  return new Response((await kept.text()).replace("<html ", "<html data-kept "), { headers });
}
