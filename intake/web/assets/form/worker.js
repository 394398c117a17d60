// The page's side of the service worker. Plain http, WeChat on iPhones and old browsers have none, and do without.
import { isOrdinary } from "./choices.js";

export async function startWorker(address) {
  if (!navigator.serviceWorker) return;
  try {
    if (!address) {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
      return;
    }
    const isNew = !navigator.serviceWorker.controller;
    await navigator.serviceWorker.register(address);
    const { active } = await navigator.serviceWorker.ready;
    // This page was opened before there was a worker to keep it.
    if (isNew && isOrdinary(location.search)) active.postMessage({ keep: location.pathname });
    return active;
  } catch { /* storage is refused, or the script is not to be had now */ }
}

// The browser wakes the worker when there is signal again, even if no page is open: in Chromium and what is made from it.
export async function askForSync(tag = "outbox") {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register(tag);
  } catch { /* not allowed: the next page that opens sends */ }
}
