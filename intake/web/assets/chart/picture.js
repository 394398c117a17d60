// A chart as PNG with its title and what it is of, so that it still says so when it has left the page.
const SCALE = 2, EDGE = 24, LINE = 26;

export function save(chart, { title, about }, { ink, quiet, card, font, size }) {
  const drawn = chart.renderToCanvas({ pixelRatio: SCALE, backgroundColor: card });
  const sheet = document.createElement("canvas"), pen = sheet.getContext("2d");
  sheet.width = drawn.width + 2 * EDGE * SCALE;
  sheet.height = drawn.height + (2 * EDGE + 2 * LINE) * SCALE;
  pen.fillStyle = card;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  const line = (words, place, colour, weight) => {
    pen.fillStyle = colour;
    pen.font = `${weight} ${size * SCALE}px ${font}`;
    pen.fillText(words, EDGE * SCALE, (EDGE + place * LINE - 8) * SCALE);
  };
  line(title, 1, ink, 650);
  line(about, 2, quiet, 400);
  pen.drawImage(drawn, EDGE * SCALE, (EDGE + 2 * LINE) * SCALE);
  sheet.toBlob(made => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(made);
    link.download = `${title} ${about}.png`.replace(/[\\/:*?"<>|]/g, "-");
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}
