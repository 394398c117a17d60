// The receipt's conveniences: read aloud, printed, photos sent as soon as they are chosen. Without this file the first two stay hidden.
import { readAloud } from "./read_aloud.js";

readAloud(document);
const print = document.querySelector("[data-print]");
// WeChat's own browser has no printer.
if (print && !/MicroMessenger/i.test(navigator.userAgent)) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
if (document.querySelector("form[data-more-photos]")) import("./form/more-photos.js").then(({ sendAtOnce }) => sendAtOnce());
