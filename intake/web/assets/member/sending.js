// The open page sends what waits: at once, when the signal is back, when it is looked at again, and when the next try is due.
import { askForSync } from "../form/worker.js";
import { flush, nextTry } from "./outbox.js";
import { canKeep } from "./store.js";

let timer;

export async function send(how = {}) {
  clearTimeout(timer);
  const waits = await flush(how), due = await nextTry();
  if (due !== null) timer = setTimeout(send, due + 50, { all: false });
  if (waits && !navigator.onLine) askForSync("member");
  return waits;
}

export async function startSending() {
  if (!(await canKeep())) return;
  addEventListener("online", () => send());
  addEventListener("pageshow", event => { if (event.persisted) send(); });
  document.addEventListener("visibilitychange", async () => {
    if (!document.hidden) send();
    else if ((await nextTry()) !== null) askForSync("member");
  });
  if ((await nextTry()) !== null) send();
}
