// What a table holds: names of its rows, and of each column that is drawn its head and numbers (null where one isn't said).
const places = words => words.split(" ").filter(Boolean).map(Number);

export function read(figure) {
  const table = figure.querySelector("table"), heads = [...table.tHead.rows[0].cells].slice(1).map(cell => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows], wanted = places(figure.dataset.drawn), dashed = new Set(places(figure.dataset.dashed));
  return {
    names: rows.map(row => row.cells[0].textContent.trim()),
    series: heads.map((head, place) => ({ head, place, dashed: dashed.has(place), values: rows.map(row => number(row.cells[place + 1])) }))
      .filter(one => !wanted.length || wanted.includes(one.place)),
  };
}

const number = cell => (cell.dataset.value === undefined ? null : Number(cell.dataset.value));
