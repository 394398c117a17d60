// The receipt's conveniences: read aloud, printed. Without this file their buttons stay hidden.
import { readAloud } from "./read_aloud.js";

readAloud(document);
const print = document.querySelector("[data-print]");
// WeChat's own browser has no printer.
if (print && !/MicroMessenger/i.test(navigator.userAgent)) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
