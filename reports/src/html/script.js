"use strict";
const all = (from, what) => [...from.querySelectorAll(what)];
for (const figure of all(document, "figure")) {
  const [plot] = all(figure, ".plot"), [svg] = all(figure, "svg"), [out] = all(figure, "output");
  const [heads, ...rows] = all(figure, "tr").map((row) => [...row.cells]), last = rows.length - 1;
  const [cursor] = all(svg, ".cursor"), x = (i) => rows[i][0].parentNode.dataset.x;
  let at = -1;
  const show = (to) => {
    at = to;
    cursor.setAttribute("d", to < 0 ? "" : `M${x(to)} 0V999`);
    out.textContent = to < 0 ? "" : rows[to].map((cell, i) => heads[i].textContent + " " + cell.textContent).join(", ");
  };
  plot.onkeydown = (event) => {
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last}[event.key];
    if (event.key === "Escape") show(-1);
    else if (to !== undefined) show(Math.max(0, Math.min(to, last)));
    else return;
    event.preventDefault();
  };
  plot.onpointermove = (event) => {
    const box = svg.getBoundingClientRect(), to = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const far = (i) => Math.abs(x(i) - to);
    show(rows.reduce((best, row, i) => (far(i) < far(best) ? i : best), 0));
  };
}
for (const group of all(document, ".switch")) {
  const buttons = all(group, "button"), parts = all(group.parentNode, "figure");
  const choose = (to) => parts.forEach((part, i) => {
    part.hidden = i !== to;
    buttons[i].ariaPressed = i === to;
  });
  buttons.forEach((button, i) => (button.onclick = () => choose(i)));
  group.parentNode.addEventListener("keydown", (event) => {
    const to = event.key - 1;
    if (!parts[to]) return;
    choose(to);
    all(parts[to], ".plot")[0].focus();
  });
  group.hidden = false;
  choose(0);
}
for (const button of all(document, "button.copy")) {
  button.hidden = false;
  button.onclick = () => {
    getSelection().selectAllChildren(button.parentNode.querySelector("code"));
    document.execCommand("copy");
    button.textContent = "copied";
  };
}
