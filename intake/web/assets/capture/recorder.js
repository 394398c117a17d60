// A minute of speech: recorded here with the time in sight, listened to, taken away again. Where a browser can't, or isn't let at the
// microphone, a recording made elsewhere is chosen.
import { button, fill, make } from "../form/words.js";

const KINDS = [["audio/webm;codecs=opus", "webm"], ["audio/mp4", "m4a"], ["audio/ogg;codecs=opus", "ogg"]], BITS = 32_000, MOST = 3, TICK = 250;

export function offerRecording(part) {
  const field = part.querySelector("input"), words = part.dataset, most = Number(words.most) * 1000, takes = [];
  const kind = globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia && KINDS.find(([name]) => MediaRecorder.isTypeSupported(name));
  const list = make("div", { className: "takes" }), note = make("p", { className: "quiet", role: "status" });
  const press = button(words.start, () => (recorder ? stop() : begin()));
  let recorder = null, stopped = Promise.resolve(), sound = null, context = null;
  if (kind) {
    field.hidden = true;
    part.querySelector(".field").append(list, press, note);
    document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); }); // a call comes in: what was said so far stays
  }

  async function begin() {
    note.textContent = "";
    let voice;
    press.disabled = true;
    try {
      voice = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      note.textContent = words.denied;
      field.hidden = false;
      return;
    } finally {
      press.disabled = false;
    }
    const pieces = [], since = Date.now();
    recorder = new MediaRecorder(voice, { mimeType: kind[0], audioBitsPerSecond: BITS });
    const show = () => { press.textContent = fill(words.stop, { time: clock(Date.now() - since) }); };
    const ticking = setInterval(() => { show(); if (Date.now() - since >= most) stop(); }, TICK);
    recorder.ondataavailable = event => pieces.push(event.data);
    stopped = new Promise(tell => {
      recorder.onstop = () => {
        clearInterval(ticking);
        voice.getTracks().forEach(track => track.stop());
        recorder = null;
        press.textContent = words.start;
        press.classList.remove("is-recording");
        const blob = new Blob(pieces, { type: kind[0].split(";")[0] });
        if (blob.size) add(`voice.${kind[1]}`, blob, Date.now() - since);
        tell();
      };
    });
    press.classList.add("is-recording");
    show();
    recorder.start();
  }

  function stop() {
    if (recorder?.state === "recording") recorder.stop();
    return stopped;
  }

  function add(name, blob, length = null) {
    const take = { name, blob }, title = make("span", { textContent: fill(words.name, { number: takes.length + 1 }) });
    if (length !== null) title.append(make("span", { className: "quiet", textContent: ` ${clock(length)}` }));
    const item = make("div", { className: "take" }, title);
    const hear = button(words.play, () => play(take, hear), true);
    item.append(hear, button(words.remove, () => {
      sound?.stop();
      takes.splice(takes.indexOf(take), 1);
      item.remove();
      limit();
      press.focus();
    }, true));
    takes.push(take);
    list.append(item);
    limit();
  }

  // Decoded and not linked: the page's policy allows no blob addresses.
  async function play({ blob }, hear) {
    if (sound) return sound.stop();
    context ??= new AudioContext();
    await context.resume();
    const heard = await context.decodeAudioData(await blob.arrayBuffer());
    sound = context.createBufferSource();
    sound.buffer = heard;
    sound.connect(context.destination);
    sound.onended = () => { sound = null; hear.textContent = words.play; };
    hear.textContent = words.quiet;
    sound.start();
  }

  function limit() {
    press.hidden = takes.length >= MOST;
    note.textContent = press.hidden ? fill(words.many, { most: MOST }) : "";
  }

  return {
    add,
    ready: stop,
    files: () => [...takes.map(({ name, blob }) => [name, blob]), ...[...field.files].map(file => [file.name, file])],
    empty() { sound?.stop(); takes.length = 0; list.replaceChildren(); field.value = ""; limit(); },
  };
}

function clock(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
