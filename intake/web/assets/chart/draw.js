// One chart: Canvas, since a picture is made of it and the policy of the page allows no inline style; its tip is drawn on it for the same reason.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { save } from "./picture.js";
import { read } from "./table.js";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const ROOM = 80, BAR = 28;
const MARKS = ["circle", "rect", "triangle", "diamond"];
const still = matchMedia("(prefers-reduced-motion: reduce)"), dark = matchMedia("(prefers-color-scheme: dark)");

export function draw(figure) {
  const place = figure.querySelector(".canvas"), table = read(figure), kind = figure.dataset.chart;
  if (kind === "bars") place.style.height = `${ROOM + table.names.length * (table.series.length > 1 ? 2 * BAR : BAR)}px`;
  place.append(document.createElement("span")); // an empty place isn't shown and has no size
  const chart = init(place, null, { renderer: "canvas" });
  const paint = () => chart.setOption(options(figure, table, kind), true);
  paint();
  figure.querySelector("details").open = false;
  new ResizeObserver(() => chart.resize()).observe(place);
  for (const one of [still, dark]) one.addEventListener("change", paint);
  figure.closest(".card").querySelector(".card-head").append(button(figure, chart));
}

function button(figure, chart) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn";
  made.textContent = figure.dataset.save;
  made.setAttribute("aria-label", `${figure.dataset.save}：${figure.dataset.title}`);
  made.addEventListener("click", () => save(chart, figure.dataset, inks()));
  return made;
}

const inks = () => {
  const style = getComputedStyle(document.documentElement), ink = name => style.getPropertyValue(`--${name}`).trim();
  return { ink: ink("ink"), quiet: ink("quiet"), line: ink("line"), card: ink("card"), series: [ink("act"), ink("soon"), ink("quiet"), ink("control")], font: ink("font"), size: parseInt(ink("tiny"), 10) };
};

function options(figure, { names, series }, kind) {
  const { ink, quiet, line, card, series: colours, font, size } = inks(), across = kind === "bars";
  const text = { color: ink, fontFamily: font, fontSize: size };
  const named = { type: "category", data: names, inverse: across, axisLabel: { ...text, color: quiet, ...(across ? { width: 150, overflow: "truncate", interval: 0 } : { hideOverlap: true }) }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } };
  const counted = { type: "value", minInterval: 1, axisLabel: { ...text, color: quiet }, splitLine: { lineStyle: { color: line } } };
  return {
    animation: !still.matches, animationDuration: 300, textStyle: text, color: colours,
    aria: { enabled: true, label: { enabled: true }, decal: { show: series.length > 1 && kind !== "line" } },
    grid: { left: 8, right: 24, top: series.length > 1 ? 40 : 12, bottom: 8, containLabel: true },
    legend: { show: series.length > 1, top: 0, left: 0, textStyle: text, itemWidth: 28, inactiveColor: quiet },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: card, borderColor: line, textStyle: text, axisPointer: { type: across || kind === "columns" ? "shadow" : "line" } },
    xAxis: across ? counted : named,
    yAxis: across ? named : counted,
    series: series.map((one, place) => ({
      name: one.head, data: one.values,
      ...(kind === "line"
        ? { type: "line", symbol: MARKS[place % MARKS.length], symbolSize: 7, showSymbol: names.length < 40, connectNulls: false, lineStyle: { width: 2, type: one.dashed ? "dashed" : "solid" } }
        : { type: "bar", barMaxWidth: 22, label: { show: series.length === 1, position: across ? "right" : "top", ...text } }),
    })),
  };
}
