// What a member's pages and signing in gain by a script; every one of them works without it.
import { deal } from "./deck.js";
import { drawers } from "./drawer.js";
import { keys } from "./keys.js";
import "./member/start.js";
import { canKeep, forgetPages, whoIsHere } from "./member/store.js";
import { keepPlace } from "./place.js";
import { reveal } from "./reveal.js";
import { startFrom } from "./start_from.js";
import { countDown } from "./toast.js";

drawers();
keys();
countDown();
keepPlace();
reveal();
startFrom();
deal();
if (!whoIsHere() && document.querySelector("#password, [data-door]")) canKeep().then(can => can && forgetPages()); // signed out: what one might read goes
