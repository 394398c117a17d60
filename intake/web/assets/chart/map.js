// Places of the list on a map: circles on an empty sheet, or on tiles where the installation has some.
import { CircleMarker, FeatureGroup, Map as Sheet, TileLayer } from "leaflet/dist/leaflet-src.esm.js";

const SMALLEST = 6, WIDEST = 26;

export function map(place) {
  const spots = [...document.querySelectorAll(".spots > [data-at]")].map(spot);
  if (!place || !spots.length) return;
  place.hidden = false;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", place.dataset.label);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const sheet = new Sheet(place, { attributionControl: Boolean(place.dataset.tiles), zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, scrollWheelZoom: false, zoomControl: false });
  sheet.attributionControl?.setPrefix(false);
  if (place.dataset.tiles) new TileLayer(place.dataset.tiles, { attribution: new URL(place.dataset.tiles.replace("{s}", "")).host, maxZoom: 18, subdomains: "01234567" }).addTo(sheet);
  const most = Math.max(...spots.map(one => one.count ?? 0), 1);
  const circles = spots.map(one => new CircleMarker(one.at, {
    radius: one.count ? SMALLEST + (WIDEST - SMALLEST) * Math.sqrt(one.count / most) : SMALLEST, className: one.count ? "spot" : "spot few",
  }).bindTooltip(one.words));
  const all = new FeatureGroup(circles).addTo(sheet);
  sheet.fitBounds(all.getBounds().pad(0.1), { maxZoom: 15, animate: false });
  zoom(sheet, place.dataset);
}

function spot(line) {
  const words = document.createElement("span");
  words.textContent = line.textContent.trim().replace(/\s+/g, " ");
  return { at: line.dataset.at.split(" ").map(Number), count: line.dataset.count ? Number(line.dataset.count) : null, words };
}

// Buttons of our own size, below the map: those on it are too small for a finger.
function zoom(sheet, { closer, farther }) {
  const row = document.createElement("p");
  row.className = "row";
  for (const [words, step] of [[closer, 1], [farther, -1]]) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn";
    made.textContent = words;
    made.addEventListener("click", () => sheet.zoomIn(step));
    row.append(made);
  }
  sheet.getContainer().after(row);
}
