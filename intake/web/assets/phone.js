// The phone's conveniences; every page works without this file.
import { autopost } from "./autopost.js";
import { sendOnce } from "./once.js";
import { showSimilar } from "./similar.js";

sendOnce(document);
showSimilar(document);
autopost(document);
