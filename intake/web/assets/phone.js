// The phone's conveniences; every page works without this file.
import { sendOnce } from "./once.js";

sendOnce(document);
