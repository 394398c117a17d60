// Only on forms of a point under attack: solves the challenge while the person writes, so that nobody waits. Whatever fails here, the form is
// sent all the same, and staff look first.
import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";

const WAIT = 15_000, EARLY = 60_000, LANES = 4;

const field = document.querySelector("input[data-proof]"), { form } = field, note = field.parentElement.querySelector("[role=status]");
let challenge = JSON.parse(field.dataset.proof), solving = solve();

// The form's own sender asks before each send (form.js); without it, the press waits here.
form.beforeSending = ready;
document.addEventListener("submit", async event => {
  if (event.target !== form || event.defaultPrevented || event.submitter?.name || field.value) return;
  event.preventDefault();
  await ready();
  form.submit();
});

// An answer is good for one send: whoever writes on gets another challenge.
async function ready() {
  if (!challenge || challenge.parameters.data.until * 1000 - EARLY < Date.now()) solving = again();
  await Promise.race([solving, new Promise(resolve => setTimeout(resolve, WAIT))]);
  challenge = null;
}

async function again() {
  field.value = "";
  try {
    const found = await (await fetch(field.dataset.again, { headers: { Accept: "application/json" } })).json();
    challenge = found.parameters ? found : null;
    if (challenge) await solve();
  } catch { /* no signal: it goes without */ }
}

// Browsers compute each key in native code, several at once.
async function solve() {
  if (!globalThis.crypto?.subtle) return;
  note.textContent = field.dataset.busy;
  const controller = new AbortController(), lanes = Math.min(LANES, navigator.hardwareConcurrency || 1);
  try {
    const tries = Array.from({ length: lanes }, (_, lane) => solveChallenge({ challenge, deriveKey, controller, counterStart: lane, counterStep: lanes }));
    const solution = await Promise.any(tries.map(one => one.then(found => found ?? Promise.reject(new Error("none")))));
    field.value = btoa(JSON.stringify({ challenge, solution }));
  } catch { /* too old a browser: it goes without */ } finally {
    controller.abort();
    note.textContent = "";
  }
}
