// What a member's pages and signing in gain by a script; every one of them works without it.
import { deal } from "./deck.js";
import { drawers } from "./drawer.js";
import { keys } from "./keys.js";
import { keepPlace } from "./place.js";
import { reveal } from "./reveal.js";
import { countDown } from "./toast.js";

drawers();
keys();
countDown();
keepPlace();
reveal();
deal();
