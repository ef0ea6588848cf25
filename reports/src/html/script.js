"use strict";
for (const figure of document.querySelectorAll("figure")) {
  const plot = figure.querySelector(".plot"), svg = figure.querySelector("svg"), out = figure.querySelector("output");
  const table = figure.querySelector("table");
  if (!plot || !table) continue;
  const heads = [...table.tHead.rows[0].cells], rows = [...table.tBodies[0].rows];
  const cursor = svg.querySelector(".cursor"), width = svg.viewBox.baseVal.width;
  let at = -1;
  const show = (to) => {
    at = to;
    const row = rows[to];
    cursor.setAttribute("d", row ? `M${row.dataset.x} 0V999` : "");
    out.textContent = row ? [...row.cells].map((cell, i) => heads[i].textContent + " " + cell.textContent).join(", ") : "";
  };
  plot.addEventListener("keydown", (event) => {
    const last = rows.length - 1;
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last}[event.key];
    if (event.key === "Escape") show(-1);
    else if (to !== undefined) show(Math.min(Math.max(to, 0), last));
    else return;
    event.preventDefault();
  });
  plot.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * width;
    const far = (row) => Math.abs(row.dataset.x - x);
    show(rows.reduce((best, row, i) => (far(row) < far(rows[best]) ? i : best), 0));
  });
}
for (const group of document.querySelectorAll(".switch")) {
  const buttons = [...group.querySelectorAll("button")], parts = [...group.parentNode.querySelectorAll("figure")];
  const choose = (to) => parts.forEach((part, i) => {
    part.hidden = i !== to;
    buttons[i].setAttribute("aria-pressed", i === to);
  });
  buttons.forEach((button, i) => button.addEventListener("click", () => choose(i)));
  group.parentNode.addEventListener("keydown", (event) => buttons[event.key - 1] && choose(event.key - 1));
  group.hidden = false;
  choose(0);
}
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(button.parentNode.querySelector("code"));
    document.execCommand("copy");
    button.textContent = "copied";
  });
}
