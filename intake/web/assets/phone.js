// The phone's conveniences; every page works without this file.
import { autopost } from "./autopost.js";
import { sendOnce } from "./once.js";
import { toRefused } from "./refused.js";

sendOnce(document);
autopost(document);
toRefused();
// What this phone still has to send, and what was sent from it.
if (document.querySelector("#waiting, #sent-here")) import("./form/start.js");
if (document.getElementById("on-phone")) import("./member/start.js");
if (document.querySelector("[data-leaving]")) import("./leaving.js").then(({ watchLeaving }) => watchLeaving());
