// Speaking in place of typing, where the browser has it.
const Hearing = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;

export function offerVoice(part, box) {
  if (!part || !Hearing) return;
  const button = part.querySelector("button"), words = button.lastChild, idle = words.textContent;
  let hearing = null;
  part.hidden = false;
  button.addEventListener("click", () => {
    if (hearing) return hearing.stop();
    hearing = new Hearing();
    hearing.lang = document.documentElement.lang === "en" ? "en-US" : "zh-CN";
    hearing.onresult = event => {
      box.value = [box.value, [...event.results].map(one => one[0].transcript).join("")].filter(Boolean).join(box.value.endsWith("\n") ? "" : " ").trim();
      box.dispatchEvent(new Event("input", { bubbles: true }));
    };
    hearing.onerror = event => { part.querySelector("[role=status]").textContent = event.error === "aborted" ? "" : part.dataset.failed; };
    hearing.onend = () => { hearing = null; say(idle, false); };
    part.querySelector("[role=status]").textContent = "";
    say(part.dataset.stop, true);
    hearing.start();
  });

  function say(what, isOn) {
    words.textContent = what;
    button.setAttribute("aria-pressed", String(isOn));
  }
}
