extension ReportPage {
  /// Draws `runs`. Numbers are shown as they stand in the files, rounded to four digits.
  static let script = #"""
    const colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#a6761d", "#666666", "#e7298a"];
    const hidden = new Set();
    const page = document.getElementById("page");

    function element(name, attributes = {}, ...children) {
      const isSVG = ["svg", "g", "path", "line", "text", "rect", "circle"].includes(name);
      const node = isSVG ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
      for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith("on")) node.addEventListener(key.slice(2), value); else node.setAttribute(key, value);
      }
      node.append(...children);
      return node;
    }

    function short(number) {
      if (number === null || number === undefined) return "–";
      const size = Math.abs(number);
      if (size !== 0 && (size < 1e-3 || size >= 1e7)) return number.toExponential(2);
      return String(Number(number.toPrecision(4)));
    }

    runs.forEach((run, index) => {
      run.manifest = JSON.parse(run.manifest);
      run.color = colors[index % colors.length];
      run.dash = ["", "6 3", "2 3"][Math.floor(index / colors.length) % 3];
      const ending = run.manifest.ended;
      run.state = ending === "finished" ? "finished" : ending ? "ended: " + ending : "going on, or was killed";
    });
    // Folders that all runs have in common say nothing.
    const parts = runs.map(run => run.name.split("/"));
    let common = 0;
    while (runs.length > 1 && parts.every(part => part.length > common + 1 && part[common] === parts[0][common])) common++;
    runs.forEach((run, index) => { run.label = parts[index].slice(common).join("/"); });

    function last(column) {
      for (let i = (column || []).length - 1; i >= 0; i--) if (column[i] !== null) return column[i];
      return null;
    }

    function best(column) {
      const numbers = (column || []).filter(value => value !== null);
      return numbers.length ? Math.max(...numbers) : null;
    }

    function section(title, ...children) {
      page.append(element("h2", {}, title), ...children);
    }

    // The final table

    function sortable(heads, rows) {
      const body = element("tbody");
      const fill = () => body.replaceChildren(...rows.map(row => element("tr", {}, ...row.map((cell, index) =>
        index === 0 ? element("td", {}, cell) : element("td", {}, typeof cell === "number" || cell === null ? short(cell) : cell)))));
      let sorted = null, direction = 1;
      const sort = index => {
        direction = sorted === index ? -direction : 1;
        sorted = index;
        const key = row => index === 0 ? row[0].textContent : row[index];
        rows.sort((a, b) => {
          const [x, y] = [key(a), key(b)];
          if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
          return direction * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
        });
        header.querySelectorAll("th").forEach((th, i) =>
          th.setAttribute("aria-sort", i === index ? (direction > 0 ? "ascending" : "descending") : "none"));
        fill();
      };
      const header = element("tr", {}, ...heads.map((head, index) => element("th", {
        class: "sortable", tabindex: "0", title: "sort", onclick: () => sort(index),
        onkeydown: event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(index); } },
      }, head)));
      fill();
      return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, header), body));
    }

    function swatch(run) {
      return element("span", { class: "swatch", style: `background: ${run.color}` });
    }

    const finals = [
      ["steps", run => last(run.convergence.step)], ["epochs", run => last(run.convergence.epoch)],
      ["training loss", run => last(run.convergence.train_loss)], ["test loss", run => last(run.convergence.test_loss)],
      ["test accuracy", run => last(run.convergence.test_accuracy)], ["best", run => best(run.convergence.test_accuracy)],
      ["rounds", run => last(run.convergence.round)],
      ["MB sent", run => { const bytes = last(run.convergence.bytes_sent); return bytes === null ? null : bytes / 1e6; }],
      ["seconds", run => last(run.convergence.elapsed_seconds)], ["ranks", run => run.manifest.machine.ranks],
    ].filter(([, value]) => runs.some(run => value(run) !== null && value(run) !== undefined));
    section("Results", sortable(["run", ...finals.map(([name]) => name), "state"], runs.map(run =>
      [element("span", {}, swatch(run), run.label), ...finals.map(([, value]) => value(run)), run.state])));

    // Curves

    const redrawings = [];
    const legend = element("div", { class: "legend" }, ...runs.map((run, index) => {
      const box = element("input", { type: "checkbox", onchange: event => {
        if (event.target.checked) hidden.delete(index); else hidden.add(index);
        redrawings.forEach(redraw => redraw());
      } });
      box.checked = true;
      return element("label", {}, box, " ", swatch(run), run.label);
    }));

    function ticks(low, high, isLogarithmic) {
      if (isLogarithmic) {
        const result = [];
        for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
          for (const factor of [1, 2, 5]) {
            const tick = factor * 10 ** power;
            if (tick >= low * 0.999 && tick <= high * 1.001) result.push(tick);
          }
        if (result.length > 9) return result.filter(tick => Math.abs(Math.log10(tick) % 1) < 1e-9);
        if (result.length > 2) return result;
      }
      const step = 10 ** Math.floor(Math.log10((high - low) / 4 || 1));
      const width = [1, 2, 5, 10].find(factor => (high - low) / (factor * step) <= 5) * step;
      const result = [];
      for (let tick = Math.ceil(low / width) * width; tick <= high + width * 1e-6; tick += width) result.push(Number(tick.toPrecision(12)));
      return result;
    }

    // Lines: [{ run index, color, dash, name, x, y }]
    function chart(caption, xName, yName, allLines, options = {}) {
      const [width, height, left, right, top, bottom] = [420, 260, 60, 10, 8, 34];
      const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": caption });
      const tip = element("div", { class: "tip" });
      const figure = element("figure", {}, svg, tip, element("figcaption", {}, caption));
      let drawn = null;
      const redraw = () => {
        const lines = allLines.filter(line => !hidden.has(line.index)).map(line => {
          const points = [];
          line.x.forEach((x, i) => {
            const y = line.y[i];
            if (x !== null && y !== null && y !== undefined && (!options.logarithmic || y > 0)) points.push([x, y]);
          });
          return { ...line, points };
        }).filter(line => line.points.length > 0);
        svg.replaceChildren();
        drawn = null;
        if (lines.length === 0) return;
        const xs = lines.flatMap(line => line.points.map(point => point[0]));
        // The untrained model would squash all that follows.
        const ys = lines.flatMap(line => (line.points.length > 2 ? line.points.slice(1) : line.points).map(point => point[1]));
        let [x0, x1] = [Math.min(...xs), Math.max(...xs)];
        let [y0, y1] = [Math.min(...ys), Math.max(...ys)];
        if (x0 === x1) x1 = x0 + 1;
        if (y0 === y1) [y0, y1] = options.logarithmic ? [y0 / 2, y1 * 2] : [y0 - 0.5, y1 + 0.5];
        if (options.logarithmic) [y0, y1] = [y0 / 1.05, y1 * 1.05]; else [y0, y1] = [y0 - (y1 - y0) * 0.03, y1 + (y1 - y0) * 0.03];
        const scale = options.logarithmic ? Math.log10 : value => value;
        const px = x => left + (x - x0) / (x1 - x0) * (width - left - right);
        const py = y => height - bottom - (scale(y) - scale(y0)) / (scale(y1) - scale(y0)) * (height - top - bottom);
        for (const tick of ticks(y0, y1, options.logarithmic)) svg.append(
          element("line", { class: "grid", x1: left, x2: width - right, y1: py(tick), y2: py(tick) }),
          element("text", { x: left - 5, y: py(tick) + 4, "text-anchor": "end" }, short(tick)));
        for (const tick of ticks(x0, x1, false)) svg.append(
          element("line", { class: "grid", x1: px(tick), x2: px(tick), y1: height - bottom, y2: height - bottom + 4 }),
          element("text", { x: px(tick), y: height - bottom + 16, "text-anchor": "middle" }, short(tick)));
        svg.append(
          element("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, xName),
          element("text", { x: 11, y: (top + height - bottom) / 2, "text-anchor": "middle",
            transform: `rotate(-90 11 ${(top + height - bottom) / 2})` }, yName));
        for (const line of lines) {
          const path = line.points.map(([x, y], i) => {
            const clipped = Math.max(top, Math.min(height - bottom, py(y)));
            return `${i ? "L" : "M"}${px(x).toFixed(1)},${clipped.toFixed(1)}`;
          }).join("");
          svg.append(element("path", { d: path, fill: "none", stroke: line.color, "stroke-width": 1.8,
            "stroke-dasharray": line.dash, "stroke-opacity": 0.85 }));
          if (line.points.length === 1) svg.append(element("circle", {
            cx: px(line.points[0][0]), cy: py(line.points[0][1]), r: 3, fill: line.color }));
        }
        const cursor = element("line", { class: "grid", y1: top, y2: height - bottom, visibility: "hidden" });
        svg.append(cursor);
        drawn = { lines, x0, x1, px, cursor };
      };
      const leave = () => {
        tip.style.display = "none";
        if (drawn) drawn.cursor.setAttribute("visibility", "hidden");
      };
      svg.addEventListener("pointermove", event => {
        if (!drawn) return;
        const box = svg.getBoundingClientRect();
        const at = (event.clientX - box.left) * width / box.width;
        const x = drawn.x0 + (at - left) / (width - left - right) * (drawn.x1 - drawn.x0);
        const nearest = drawn.lines.map(line =>
          line.points.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a));
        const shown = nearest.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a)[0];
        drawn.cursor.setAttribute("x1", drawn.px(shown));
        drawn.cursor.setAttribute("x2", drawn.px(shown));
        drawn.cursor.setAttribute("visibility", "visible");
        tip.replaceChildren(element("div", { class: "note" }, `${xName} ${short(shown)}`), ...drawn.lines.map((line, i) =>
          element("div", {}, element("span", { class: "swatch", style: `background: ${line.color}` }),
            `${line.name}: ${short(nearest[i][1])}` + (nearest[i][0] === shown ? "" : ` at ${short(nearest[i][0])}`))));
        tip.style.display = "block";
        const place = event.clientX - figure.getBoundingClientRect().left;
        tip.style.top = "8px";
        tip.style.left = place < box.width / 2 ? "auto" : "8px";
        tip.style.right = place < box.width / 2 ? "8px" : "auto";
      });
      svg.addEventListener("pointerleave", leave);
      redrawings.push(redraw);
      redraw();
      return figure;
    }

    const axes = [["epoch", "epochs", 1], ["bytes_sent", "MB sent by a worker", 1e-6], ["elapsed_seconds", "seconds of training", 1]];
    const values = [["train_loss", "training loss", true], ["test_loss", "test loss", true], ["test_accuracy", "test accuracy", false],
      ["train_accuracy", "training accuracy", false], ["suboptimality", "f(x̄) − f*", true],
      ["mean_squared_gradient_norm", "mean ‖∇f(x̄)‖²", true]];
    const curves = element("div", { class: "charts" });
    for (const [column, name, logarithmic] of values) {
      if (!runs.some(run => last(run.convergence[column]) !== null)) continue;
      for (const [axis, axisName, factor] of axes) curves.append(chart(`${name} against ${axisName}`, axisName, name,
        runs.map((run, index) => ({ index, color: run.color, dash: run.dash, name: run.label,
          x: run.convergence[axis].map(value => value === null ? null : factor * value), y: run.convergence[column] || [] })),
        { logarithmic }));
    }
    section("Curves", legend, curves);

    // Consensus

    const consensus = runs.flatMap((run, index) => [
      { index, color: run.color, dash: "", name: run.label, x: run.convergence.epoch, y: run.convergence.consensus_distance || [] },
      { index, color: run.color, dash: "4 3", name: run.label + ", bound", x: run.convergence.epoch,
        y: run.convergence.consensus_bound || [] },
    ]).filter(line => last(line.y) > 0);
    if (consensus.length) section("How far workers are apart",
      element("p", { class: "note" }, "(1/N) Σ‖x̄ − x_i‖² before an averaging; dashed the deviation lemma's bound, which plain SGD has."),
      element("div", { class: "charts" }, chart("consensus distance", "epochs", "distance²", consensus, { logarithmic: true })));

    // Time

    const kinds = [["compute_seconds", "computing", "#009e73"], ["communication_seconds", "moving data", "#d55e00"],
      ["wait_seconds", "waiting", "#e69f00"]];
    function bars(run) {
      const step = last(run.workers.step);
      const rows = run.workers.step.flatMap((value, i) => value === step ? [i] : []).slice(0, 128);
      const total = Math.max(...rows.map(i => kinds.reduce((sum, [column]) => sum + (run.workers[column][i] || 0), 0)), 1e-9);
      const height = 16 * rows.length + 6;
      const svg = element("svg", { viewBox: `0 0 420 ${height}`, role: "img", "aria-label": "where each rank's time went, " + run.label });
      rows.forEach((i, place) => {
        let x = 52;
        svg.append(element("text", { x: 48, y: 16 * place + 13, "text-anchor": "end" }, "rank " + run.workers.rank[i]));
        for (const [column, name, color] of kinds) {
          const seconds = run.workers[column][i] || 0;
          const width = seconds / total * 362;
          const bar = element("rect", { x, y: 16 * place + 3, width, height: 12, fill: color });
          bar.append(document.createElementNS("http://www.w3.org/2000/svg", "title"));
          bar.firstChild.textContent = `${name}: ${short(seconds)} s`;
          svg.append(bar);
          x += width;
        }
      });
      return element("figure", {}, svg, element("figcaption", {}, `${run.label}: ${short(total)} s`));
    }
    const timed = runs.filter(run => last(run.workers.compute_seconds) > 0);
    if (timed.length) section("Where each rank's time went",
      element("div", { class: "legend" }, ...kinds.map(([, name, color]) =>
        element("span", {}, element("span", { class: "swatch", style: `background: ${color}` }), name))),
      element("div", { class: "charts" }, ...timed.map(bars)));

    // Intervals

    const uneven = runs.filter(run => run.intervals && last(run.intervals.steps) !== null);
    if (uneven.length) section("Steps of each worker in a round", element("div", { class: "charts" }, ...uneven.map(run => {
      const ranks = [...new Set(run.intervals.rank)].sort((a, b) => a - b).slice(0, 32);
      return chart(run.label, "round", "steps", ranks.map((rank, place) => {
        const rows = run.intervals.rank.flatMap((value, i) => value === rank ? [i] : []);
        return { index: runs.indexOf(run), color: colors[place % colors.length], dash: "", name: "rank " + rank,
          x: rows.map(i => run.intervals.round[i]), y: rows.map(i => run.intervals.steps[i]) };
      }));
    })));

    // Options

    const names = [...new Set(runs.flatMap(run => Object.keys(run.manifest.options)))].sort();
    const value = (run, name) => name in run.manifest.options ? String(run.manifest.options[name]) : "–";
    const differing = names.filter(name => new Set(runs.map(run => value(run, name))).size > 1);
    const optionRows = names.map(name => element("tr", differing.includes(name) ? { class: "differs" } : {},
      element("td", {}, "--" + name), ...runs.map(run => element("td", {}, value(run, name)))));
    const onlyDiffering = element("input", { type: "checkbox", onchange: event => optionRows.forEach(row => {
      row.hidden = event.target.checked && !row.classList.contains("differs");
    }) });
    const facts = [["program", run => `${run.manifest.program.version} ${String(run.manifest.program.revision).slice(0, 12)}`],
      ["processor", run => run.manifest.machine.processor], ["MPI", run => run.manifest.machine.mpi], ["started", run => run.manifest.started]];
    section("Options", ...(runs.length > 1 ? [element("label", {}, onlyDiffering, " only those that differ")] : []),
      element("div", { class: "scroll" }, element("table", { class: "options" },
        element("thead", {}, element("tr", {}, element("th", {}, "option"), ...runs.map(run => element("th", {}, swatch(run), run.label)))),
        element("tbody", {}, ...optionRows, ...facts.map(([name, fact]) =>
          element("tr", {}, element("td", {}, name), ...runs.map(run => element("td", {}, fact(run)))))))));
    """#
}
