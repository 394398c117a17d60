// On every page of a member: what waits is said and sent, and the next cards are laid by.
import { startWorker } from "../form/worker.js";
import { keepCards } from "./keeping.js";
import { startSending } from "./sending.js";
import { belongTo, canKeep, whoIsHere } from "./store.js";
import { showStrip } from "./strip.js";

const place = document.getElementById("on-phone"), list = document.getElementById("kept-here");
if (list) import("./kept.js").then(({ showKept }) => showKept(list));
if (place) start();

async function start() {
  if (!document.documentElement.hasAttribute("data-kept") && (await canKeep())) await belongTo(whoIsHere());
  await showStrip();
  await startSending();
  if (!document.querySelector("[data-card]")) keepCards().catch(() => {}); // the deck does it once the next card is there
  (await startWorker(place.dataset.worker))?.postMessage({ member: true }); // from now on these pages' own files are kept too
}
