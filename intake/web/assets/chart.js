// Charts drawn from the tables of the page, and the map beside the list of places; the page says all of it without this file.
import { draw } from "./chart/draw.js";
import { map } from "./chart/map.js";

const figures = [...document.querySelectorAll("[data-chart]")];
for (const figure of figures) draw(figure);
map(document.getElementById("map"));
