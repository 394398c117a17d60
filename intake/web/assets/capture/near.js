// Which community is nearest, by the phone's own word and only when asked; compared here, sent nowhere.
import { fill } from "../form/words.js";

const PATIENCE = 8000, METRES_A_DEGREE = 111_320, FAR = 2000;

export function offerNearest(part, select) {
  const placed = [...(select?.options ?? [])].filter(one => one.dataset.at);
  if (!part || placed.length < 2 || !navigator.geolocation) return;
  const note = part.querySelector("[role=status]"), words = part.dataset;
  part.hidden = false;
  part.querySelector("button").addEventListener("click", () => {
    note.textContent = "";
    navigator.geolocation.getCurrentPosition(({ coords }) => choose(coords), () => { note.textContent = words.failed; }, { timeout: PATIENCE, maximumAge: 60_000 });
  });

  function choose({ latitude, longitude }) {
    const here = asMapsCount(latitude, longitude);
    const [far, nearest] = placed.map(one => [metres(here, one.dataset.at.split(",").map(Number)), one]).sort(([one], [other]) => one - other)[0];
    select.value = nearest.value;
    select.dispatchEvent(new Event("input", { bubbles: true }));
    note.textContent = fill(far < FAR ? words.found : words.far, { name: nearest.textContent, far: far < FAR ? Math.round(far / 50) * 50 : Math.round(far / 1000) });
  }
}

function metres([latitude, longitude], [otherLatitude, otherLongitude]) {
  const across = Math.cos(latitude * Math.PI / 180);
  return METRES_A_DEGREE * Math.hypot(latitude - otherLatitude, (longitude - otherLongitude) * across);
}

// From what satellites say (WGS-84) to what Chinese maps count by (GCJ-02), some hundred metres away; the formula that is in general use.
function asMapsCount(latitude, longitude) {
  const { PI, sin, cos, sqrt, abs } = Math, x = longitude - 105, y = latitude - 35, axis = 6_378_245, flat = 0.006_693_421_622_965_943;
  const waves = (20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2 / 3, bend = latitude * PI / 180, magic = 1 - flat * sin(bend) ** 2;
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    + (20 * sin(y * PI) + 40 * sin(y / 3 * PI)) * 2 / 3 + (160 * sin(y / 12 * PI) + 320 * sin(y * PI / 30)) * 2 / 3;
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    + (20 * sin(x * PI) + 40 * sin(x / 3 * PI)) * 2 / 3 + (150 * sin(x / 12 * PI) + 300 * sin(x / 30 * PI)) * 2 / 3;
  return [latitude + north * 180 / (axis * (1 - flat) / (magic * sqrt(magic)) * PI), longitude + east * 180 / (axis / sqrt(magic) * cos(bend) * PI)];
}
