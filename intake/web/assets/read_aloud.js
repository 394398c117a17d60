// Reads parts of the page aloud where the browser has a voice of the page's language; elsewhere the button stays hidden. Remembers nothing.
const PIECE = 180; // Chrome ends a long utterance in the middle.

export function readAloud(page) {
  const button = page.querySelector("[data-read-aloud]");
  const speech = window.speechSynthesis;
  if (!button || !speech || !window.SpeechSynthesisUtterance) return;
  const label = button.querySelector("span");
  const start = label.textContent;
  const wanted = page.documentElement.lang.slice(0, 2);
  const voice = () => speech.getVoices().find(one => one.lang.replace("_", "-").toLowerCase().startsWith(wanted));
  const show = () => { button.hidden = !voice(); };
  const rest = () => { label.textContent = start; button.removeAttribute("aria-pressed"); };

  show();
  speech.addEventListener?.("voiceschanged", show);
  button.addEventListener("click", () => {
    if (button.hasAttribute("aria-pressed")) {
      speech.cancel();
      rest();
      return;
    }
    speech.cancel();
    const pieces = piecesOf([...page.querySelectorAll(button.dataset.readAloud)].map(one => one.innerText));
    if (!pieces.length) return;
    button.setAttribute("aria-pressed", "true");
    label.textContent = button.dataset.stop;
    pieces.forEach((words, at) => {
      const said = new SpeechSynthesisUtterance(words);
      said.voice = voice();
      said.lang = said.voice.lang;
      said.rate = 0.9;
      if (at === pieces.length - 1) said.onend = rest;
      said.onerror = rest;
      speech.speak(said);
    });
  });
  window.addEventListener("pagehide", () => speech.cancel());
}

// Sentence by sentence, each short enough; what has no full stop is cut.
function piecesOf(texts) {
  return texts
    .flatMap(text => text.match(/[^。！？；.!?;\n]+[。！？；.!?;]?/g) ?? [])
    .flatMap(text => text.match(new RegExp(`.{1,${PIECE}}`, "gsu")) ?? [])
    .map(text => text.trim())
    .filter(Boolean);
}
