// The desk's conveniences; every page works without this file.
import "htmx.org";
import { sendOnce } from "./once.js";

sendOnce(document);
document.addEventListener("htmx:after:swap", event => sendOnce(event.target ?? document));
