// The desk's conveniences; every page works without this file.
import "htmx.org";
import { board } from "./board.js";
import { covering } from "./covering.js";
import { sendOnce } from "./once.js";
import { toRefused } from "./refused.js";

sendOnce(document);
board();
covering();
toRefused();
// Where one is, in a list of entries longer than the screen.
const side = document.querySelector(".side"), here = side?.querySelector("[aria-current]");
if (here && here.offsetTop + here.offsetHeight > side.clientHeight) side.scrollTop = here.offsetTop - side.clientHeight / 2;
if (document.querySelector("[data-leaving]")) import("./leaving.js").then(({ watchLeaving }) => watchLeaving());
// What was put in anew has forms of its own; those that stayed are not listened to twice.
document.addEventListener("htmx:after:swap", event => {
  const id = event.detail?.ctx?.target?.id;
  if (id) sendOnce(document.getElementById(id) ?? document.createDocumentFragment());
});
