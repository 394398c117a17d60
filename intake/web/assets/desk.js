// The desk's conveniences; every page works without this file.
import "htmx.org";
import { board } from "./board.js";
import { covering } from "./covering.js";
import { sendOnce } from "./once.js";

sendOnce(document);
board();
covering();
// What was put in anew has forms of its own; those that stayed are not listened to twice.
document.addEventListener("htmx:after:swap", event => {
  const id = event.detail?.ctx?.target?.id;
  if (id) sendOnce(document.getElementById(id) ?? document.createDocumentFragment());
});
