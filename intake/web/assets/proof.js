// Only on forms of a point under attack: solves the challenge while the person writes, so that nobody waits. Whatever fails here, the form is
// sent all the same, and staff look first.
import { solved } from "./solve.js";

// How long a press waits, how long the solver may take, and how long an answer must still be good: longer than form/outbox.js takes one for new.
const WAIT = 15_000, LONGEST = 90_000, LEFT = 360_000;

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
  if (!challenge || challenge.parameters.data.until * 1000 - LEFT < Date.now()) solving = again();
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

async function solve() {
  note.textContent = field.dataset.busy;
  field.value = await solved(challenge, LONGEST);
  note.textContent = "";
}
