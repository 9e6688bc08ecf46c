// Swim lanes: for each field a canvas with a row for each value, coloured by score. Dragging
// selects a time; with the keyboard, the arrow keys move a time of one twentieth of the log.

const ROW = 18;
const lanes = [];

const makeLanes = () => {
  for (const field of DATA.lanes) {
    if (!field.values.length) continue;
    const name = nameOf(field.field);
    const names = field.values.map(({ value }) => field.field === "overall" ? make("span", {}, "all")
      : make("button", { type: "button", title: inert(value || "(none)"), onclick: () => toggleValue(field.field, value) }, value || "(none)"));
    const canvas = make("canvas", {
      tabindex: "0", role: "img", "aria-label": `${name}: scores of ${counted(field.values.length, "value", "values")} over time. Arrow keys move the selected time, Escape clears it.`,
    });
    const lane = { field, names, canvas, drag: null };
    listenToLane(lane);
    lanes.push(lane);
    const room = field.without_room ? `, and ${counted(field.without_room, "score", "scores")} of values that were not kept` : "";
    const more = field.more ? make("span", { class: "quiet" }, `and ${counted(field.more, "value", "values")} with lower scores${room}`) : null;
    byId("lanes").append(make("div", { class: "lane", "data-field": field.field },
      make("h3", {}, name), make("div", { class: "names" }, names), canvas, more));
  }
  if (AXIS.bins) byId("lanes").append(make("div", { class: "scale", "aria-hidden": "true" },
    make("span", {}, minute(AXIS.start)), make("span", {}, minute((AXIS.start + AXIS_END) / 2)), make("span", {}, minute(AXIS_END))));
};

const drawLanes = () => lanes.forEach(drawLane);

const drawLane = ({ field, names, canvas, drag }) => {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, canvas.clientWidth);
  const height = field.values.length * ROW;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const colours = Object.fromEntries(["empty", "accent", "card", "low", "minor", "major", "critical"].map((name) => [name, colour(name)]));
  const chosen = selection.values.get(field.field);
  field.values.forEach(({ value, scores }, row) => {
    if (field.field !== "overall") names[row].setAttribute("aria-pressed", String(chosen?.has(value) ?? false));
    context.globalAlpha = chosen && !chosen.has(value) ? 0.3 : 1;
    context.fillStyle = colours.empty;
    context.fillRect(0, row * ROW + 1, width, ROW - 2);
    // The highest last, so that no lower one hides it.
    for (const [bin, score] of [...scores].sort((x, y) => x[1] - y[1])) {
      context.fillStyle = colours[band(score)];
      const x = bin * width / AXIS.bins;
      context.fillRect(x, row * ROW + 1, Math.max(4, width / AXIS.bins), ROW - 2);
    }
  });
  context.globalAlpha = 1;
  shade(context, drag ?? [selection.from, selection.to], width, height, colours);
};

// Marks the selected time: what is outside it fades.
const shade = (context, [from, to], width, height, { accent, card }) => {
  if (from === null && to === null) return;
  const x = (millis) => (millis - AXIS.start) / (AXIS_END - AXIS.start) * width;
  const [left, right] = [from === null ? 0 : x(from), to === null ? width : x(to)];
  context.fillStyle = card;
  context.globalAlpha = 0.65;
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.fillStyle = accent;
  context.fillRect(Math.max(0, left - 1), 0, 2, height);
  context.fillRect(Math.min(width - 2, right - 1), 0, 2, height);
};

const listenToLane = (lane) => {
  const { canvas } = lane;
  const millis = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return AXIS.start + part * (AXIS_END - AXIS.start);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    lane.started = millis(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (lane.started === undefined) {
      canvas.title = tooltip(lane, event, millis(event));
      return;
    }
    lane.drag = ordered(lane.started, millis(event));
    drawLane(lane);
  });
  canvas.addEventListener("pointerup", (event) => {
    const [from, to] = ordered(lane.started ?? millis(event), millis(event));
    lane.started = undefined;
    lane.drag = null;
    chooseTime(from, to);
  });
  canvas.addEventListener("pointercancel", () => { lane.started = undefined; lane.drag = null; drawLane(lane); });
  canvas.addEventListener("keydown", moveTime);
};

const ordered = (x, y) => x < y ? [x, y] : [y, x];

// Selects whole bins; a click selects one.
const chooseTime = (from, to) => {
  const start = AXIS.start + Math.floor((from - AXIS.start) / AXIS.bin) * AXIS.bin;
  const end = AXIS.start + Math.max(1, Math.ceil((to - AXIS.start) / AXIS.bin)) * AXIS.bin;
  select({ from: start, to: Math.max(end, start + AXIS.bin) });
  say(`Selected ${minute(start)} to ${minute(end)}.`);
};

const moveTime = (event) => {
  const step = Math.ceil((AXIS_END - AXIS.start) / 20 / AXIS.bin) * AXIS.bin;
  if (event.key === "Escape") { select({ from: null, to: null }); return; }
  const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const from = selection.from === null ? AXIS.start : Math.min(AXIS_END - step, Math.max(AXIS.start, selection.from + by));
  chooseTime(from, event.shiftKey && selection.to !== null ? Math.min(AXIS_END, selection.to + by) : from + step - 1);
};

const tooltip = ({ field, canvas }, event, millis) => {
  const row = Math.floor((event.clientY - canvas.getBoundingClientRect().top) / ROW);
  const value = field.values[row];
  if (!value) return "";
  const bin = Math.floor((millis - AXIS.start) / AXIS.bin);
  const found = value.scores.find(([place]) => place === bin);
  const name = field.field === "overall" ? "all" : value.value;
  return inert(`${name}, ${minute(AXIS.start + bin * AXIS.bin)}: ${found ? `score ${found[1].toFixed(1)}` : "no score"}`);
};

// Strips of the bins in which ports were there. All are measured before one is drawn, so that
// nothing has to be laid out in between.
const drawStrips = (strips) => {
  const ratio = window.devicePixelRatio || 1;
  const colours = Object.fromEntries(["empty", "seen", "critical"].map((name) => [name, colour(name)]));
  const sizes = strips.map(({ canvas }) => [canvas.clientWidth * ratio, canvas.clientHeight * ratio]);
  strips.forEach((strip, at) => drawStrip(strip, sizes[at], ratio, colours));
};

const drawStrip = ({ canvas, hex, marked }, [width, height], ratio, colours) => {
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  const context = canvas.getContext("2d");
  const wide = Math.max(2 * ratio, canvas.width / AXIS.bins);
  const x = (bin) => bin * canvas.width / AXIS.bins;
  context.fillStyle = colours.empty;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colours.seen;
  for (const bin of presence(hex)) context.fillRect(x(bin), 0, wide, canvas.height);
  if (marked !== undefined) {
    context.fillStyle = colours.critical;
    context.fillRect(x(Math.floor((marked - AXIS.start) / AXIS.bin)), 0, wide, canvas.height);
  }
};
