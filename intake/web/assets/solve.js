// The proof that a point under attack wants with what is sent (docs/adr/0031): tries keys until the one that fits. Loaded only when asked for.
import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";

const LANES = 4;

// The answer as the form sends it; empty on plain http, in a browser too old, and after `timeout` milliseconds.
export async function solved(challenge, timeout) {
  if (!globalThis.crypto?.subtle) return "";
  // Browsers compute each key in native code, several at once.
  const controller = new AbortController(), lanes = Math.min(LANES, navigator.hardwareConcurrency || 1);
  try {
    const tries = Array.from({ length: lanes }, (_, lane) => solveChallenge({ challenge, deriveKey, controller, timeout, counterStart: lane, counterStep: lanes }));
    const solution = await Promise.any(tries.map(one => one.then(found => found ?? Promise.reject(new Error("none")))));
    return btoa(JSON.stringify({ challenge, solution }));
  } catch {
    return "";
  } finally {
    controller.abort();
  }
}
