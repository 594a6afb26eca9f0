// The charts of the analytics pages. Each is drawn from the table beneath it, cell by cell: what is drawn is what is written.
// Days are uPlot's, all else is ECharts'; a page loads only what it needs.
"use strict";

(() => {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const paper = { ink: "#1b2320", soft: "#4d5853", line: "#dfe3e1", accent: "#0f766e", faint: "#9fb8b3", warn: "#8a5300", card: "#ffffff", sunken: "#eff1f0" };
  let isPrinting = false;

  const colours = () => {
    if (isPrinting) return paper;
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(name).trim();
    return { ink: get("--ink"), soft: get("--ink-3"), line: get("--line"), accent: get("--accent"), faint: get("--line-strong"), warn: get("--warn"), card: get("--card"), sunken: get("--sunken") };
  };
  const font = (size) => `${size}px ${getComputedStyle(document.body).fontFamily}`;

  // -- the table's words and numbers ------------------------------------------------------------------------------

  const number = (cell) => (cell.dataset.v === "" || cell.dataset.v === undefined ? null : Number(cell.dataset.v));
  const read = (figure) => {
    const table = figure.querySelector("table");
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    const name = (cell) => (cell.querySelector("[data-name]") || cell).textContent.trim();
    const columns = heads.map((_, place) => place).filter((place) => place > 0 && rows.some((row) => row.cells[place].dataset.v !== undefined));
    return {
      names: rows.map((row) => name(row.cells[0])),
      heads: columns.map((place) => heads[place].textContent.trim()),
      columns: columns.map((place) => rows.map((row) => number(row.cells[place]))),
    };
  };
  const percent = (share) => `${Math.round(share * 1000) / 10}%`;
  const short = (value) => (value >= 10000 ? `${Math.round(value / 100) / 10}k` : String(Math.round(value * 10) / 10));

  // -- days: uPlot ------------------------------------------------------------------------------------------------

  const seconds = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
  const utc = (at) => new Date(at * 1000);
  const day = (at) => { const d = utc(at); return `${d.getUTCMonth() + 1}-${d.getUTCDate()}`; };
  const axis = (c, more) => ({ stroke: c.soft, font: font(12), grid: { stroke: c.line, width: 1 }, ticks: { show: false }, ...more });

  // Hatching over the days that were not heard in full, the denser the more was lost.
  const hatching = (lost, c) => (chart) => {
    const { ctx, bbox } = chart;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    lost.forEach((share, place) => {
      if (!(share > 0.02)) return;
      const at = chart.data[0][place];
      const left = chart.valToPos(at - 43200, "x", true);
      const right = chart.valToPos(at + 43200, "x", true);
      ctx.rect(Math.max(left, bbox.left), bbox.top, Math.min(right, bbox.left + bbox.width) - Math.max(left, bbox.left), bbox.height);
    });
    ctx.clip();
    ctx.fillStyle = c.sunken;
    ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.strokeStyle = c.faint;
    ctx.lineWidth = ratio;
    ctx.beginPath();
    for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += 7 * ratio) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  };

  const plot = (figure, place, series, scales, axes, data, hooks) => {
    const legend = 30;
    return new uPlot({
      width: place.clientWidth, height: place.clientHeight - legend, tzDate: utc, padding: [8, 4, 0, 4],
      series: [{ value: (_, at) => (at === null ? "–" : day(at)), label: read(figure).heads.length ? figure.querySelector("thead th").textContent : "" }, ...series],
      scales: { x: { time: true, range: (_, low, high) => [low - 43200, high + 43200] }, ...scales }, axes, hooks,
      cursor: { points: { size: 7 }, y: false }, legend: { show: true },
    }, data, place);
  };
  const days = (c) => axis(c, { values: (_, ticks) => ticks.map(day), grid: { show: false }, space: 54, incrs: [1, 2, 3, 7, 14, 28, 56].map((n) => n * 86400) });
  const fromZero = { range: (_, low, high) => [0, Math.max(1, high * 1.08)] };
  const told = (_, value) => (value === null ? "–" : value.toLocaleString());

  const course = (figure, place, c) => {
    const { names, heads, columns } = read(figure);
    const [active, msgs, , , lost] = columns;
    return plot(figure, place, [
      { label: heads[1], scale: "msgs", fill: `${c.faint}66`, stroke: `${c.faint}66`, paths: uPlot.paths.bars({ size: [0.62, 26] }), points: { show: false }, value: told },
      { label: heads[0], scale: "people", stroke: c.accent, width: 2.2, points: { show: names.length < 46, size: 5, fill: c.accent }, value: told },
    ], { people: fromZero, msgs: fromZero }, [
      days(c), axis(c, { scale: "people", size: 44, values: (_, ticks) => ticks.map(short) }),
      axis(c, { scale: "msgs", side: 1, size: 48, grid: { show: false }, values: (_, ticks) => ticks.map(short) }),
    ], [names.map(seconds), msgs, active], { drawClear: [hatching(lost, c)] });
  };

  const lines = (figure, place, c) => {
    const { names, heads, columns } = read(figure);
    const tones = [c.faint, c.warn, c.accent];
    return plot(figure, place, heads.map((label, n) => ({ label, scale: "people", stroke: tones[n % 3], width: 2.2, points: { size: 6, fill: tones[n % 3] }, value: told })),
      { people: fromZero }, [days(c), axis(c, { scale: "people", size: 44, values: (_, ticks) => ticks.map(short) })], [names.map(seconds), ...columns], {});
  };

  // -- the rest: ECharts ------------------------------------------------------------------------------------------
  // Tips are drawn on the canvas, never written as HTML: names are what members call themselves.

  const clip = (text, most = 14) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const common = (c) => ({
    animation: !isCalm && !isPrinting, animationDuration: 350, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: c.ink },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: c.card, borderColor: c.line, textStyle: { color: c.ink, fontSize: 13 } },
  });
  const words = (c, more) => ({ axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: c.soft, formatter: (text) => clip(text), ...more } });
  const isNarrow = (place) => place.clientWidth < 420;

  const shares = (figure, place, c) => {
    const { names, heads, columns } = read(figure);
    const tones = [c.accent, c.warn, c.faint];
    return {
      ...common(c), legend: { top: 0, left: 0, textStyle: { color: c.soft }, itemWidth: 12, itemHeight: 12 },
      grid: { left: 8, right: 44, top: 34, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { type: "value", splitNumber: isNarrow(place) ? 2 : 4, axisLabel: { color: c.soft, formatter: percent, hideOverlap: true }, splitLine: { lineStyle: { color: c.line } } },
      yAxis: { type: "category", inverse: true, data: names, ...words(c) },
      series: columns.map((values, n) => (n === 0
        ? { name: heads[0], type: "bar", data: values, itemStyle: { color: tones[0], borderRadius: 4 }, barMaxWidth: 22, label: { show: true, position: "right", color: c.ink, formatter: (at) => percent(at.value || 0) } }
        : { name: heads[n], type: "bar", data: values, itemStyle: { color: tones[n], borderRadius: 4, opacity: 0.75 }, barMaxWidth: 8 })).filter((each) => each.data.some((value) => value !== null)),
    };
  };

  const bars = (figure, place, c) => {
    const { names, heads, columns } = read(figure);
    return {
      ...common(c), grid: { left: 8, right: 56, top: 4, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { type: "value", axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: { type: "category", inverse: true, data: names.slice(0, 15), ...words(c) },
      series: [{ name: heads[0], type: "bar", data: columns[0].slice(0, 15), barMaxWidth: 18, itemStyle: { color: c.accent, borderRadius: 4 }, label: { show: true, position: "right", color: c.ink, formatter: (at) => short(at.value) } }],
    };
  };

  // Each step on a track as long as the first: what is missing is seen as what it is, a length.
  const funnel = (figure, place, c) => {
    const { names, columns } = read(figure);
    const [people, ofFirst] = columns;
    const told = (n) => `${people[n].toLocaleString()}${ofFirst[n] === null ? "" : ` · ${percent(ofFirst[n])}`}`;
    return {
      ...common(c), grid: { left: 8, right: 96, top: 4, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { type: "value", max: people[0] || 1, axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: { type: "category", inverse: true, data: names, ...words(c, { color: c.ink, fontSize: 13 }) },
      series: [{ type: "bar", data: people, barMaxWidth: 34, showBackground: true, backgroundStyle: { color: c.sunken, borderRadius: 5 }, itemStyle: { color: c.accent, borderRadius: 5 } },
        { type: "bar", data: people.map(() => people[0]), barGap: "-100%", barMaxWidth: 34, silent: true, itemStyle: { color: "transparent" }, label: { show: true, position: "right", color: c.ink, formatter: (at) => told(at.dataIndex) } }],
      tooltip: { ...common(c).tooltip, formatter: (at) => `${names[at.dataIndex]}  ${told(at.dataIndex)}` },
    };
  };

  const heat = (figure, place, c, { asShare = true, isSquare = false } = {}) => {
    const { names, heads, columns } = read(figure);
    const data = columns.flatMap((values, x) => values.map((value, y) => [x, y, value])).filter((each) => each[2] !== null && (asShare || each[2] > 0));
    const most = Math.max(...data.map((each) => each[2]), asShare ? 0.01 : 1);
    const say = (value) => (asShare ? percent(value) : String(value));
    const items = data.map((value) => ({ value, label: { color: value[2] / most > 0.55 ? c.card : c.ink } }));
    return {
      ...common(c), grid: { left: 8, right: 8, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { type: "category", position: "top", data: heads, ...words(c, { interval: 0, rotate: isSquare && isNarrow(place) ? 60 : 0, fontSize: isSquare ? 11 : 12 }) },
      yAxis: { type: "category", inverse: true, data: names, ...words(c) },
      visualMap: { show: false, min: 0, max: most, inRange: { color: [c.sunken, c.accent] } },
      series: [{ type: "heatmap", data: items, itemStyle: { borderColor: c.card, borderWidth: 2, borderRadius: 5 }, label: { show: true, fontSize: isSquare && isNarrow(place) ? 10 : 13, formatter: (at) => say(at.value[2]) } }],
      tooltip: { ...common(c).tooltip, formatter: (at) => `${names[at.value[1]]} → ${heads[at.value[0]]}  ${say(at.value[2])}` },
    };
  };
  const matrix = (figure, place, c) => heat(figure, place, c, { asShare: false, isSquare: true });

  // -- drawing ----------------------------------------------------------------------------------------------------

  const days_ = { course, lines };
  const others = { shares, bars, funnel, heat, matrix };
  const tall = { bars: 25, funnel: 46, heat: 30, matrix: 36 };
  const drawn = new Map();

  const draw = (figure) => {
    const place = figure.querySelector(".chart-place");
    const kind = figure.dataset.chart;
    const before = drawn.get(figure);
    if (!place.clientWidth) return;
    if (before) before();
    // As tall as it has rows: one bar needs no window of its own.
    if (tall[kind]) place.style.height = `${Math.min(420, tall[kind] * Math.min(15, figure.querySelectorAll("tbody tr").length) + 44)}px`;
    if (days_[kind]) {
      const chart = days_[kind](figure, place, colours());
      drawn.set(figure, () => chart.destroy());
    } else {
      const chart = echarts.init(place, null, { renderer: "canvas" });
      chart.setOption(others[kind](figure, place, colours()));
      drawn.set(figure, () => chart.dispose());
    }
  };
  const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);

  let timer = 0;
  const widths = new WeakMap();
  const watch = new ResizeObserver((seen) => {
    const changed = seen.filter(({ target }) => widths.get(target) !== target.clientWidth);
    changed.forEach(({ target }) => widths.set(target, target.clientWidth));
    clearTimeout(timer);
    if (changed.length) timer = setTimeout(drawAll, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => { isPrinting = true; drawAll(); });
  addEventListener("afterprint", () => { isPrinting = false; drawAll(); });
  document.querySelectorAll("[data-chart]").forEach((figure) => {
    const place = figure.querySelector(".chart-place");
    widths.set(place, place.clientWidth);
    draw(figure);
    watch.observe(place);
  });
})();
