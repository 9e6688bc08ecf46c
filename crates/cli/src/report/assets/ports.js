// All ports by rarity: a table to search, and a map of 0 to 65535 where rare ones glow.

const SIDE = 256;
let showAllPorts = false;

// Ports of what is selected; all if nothing is.
const wantedPorts = () => {
  const words = selection.port.toLowerCase().split(/\s+/).filter(Boolean);
  const names = ({ port, service, users }) => [port, service ?? "", ...users.flatMap((user) => user.slice(0, 4))].join("\n").toLowerCase();
  const isWanted = (port) => words.every((word) => names(port).includes(word)) && isPortSelected(port);
  return DATA.ports.filter(isWanted);
};

const isPortSelected = (port) => {
  const columns = ["host.name", "process.name", "user.name", "destination.ip"];
  for (const [field, values] of selection.values) {
    const column = columns.indexOf(field);
    if (field === BY && !values.has(port.port)) return false;
    if (column >= 0 && !port.other_events && !port.users.some((user) => values.has(user[column]))) return false;
  }
  if (selection.from === null && selection.to === null) return true;
  const [first, last] = [((selection.from ?? AXIS.start) - AXIS.start) / AXIS.bin, ((selection.to ?? AXIS_END) - AXIS.start) / AXIS.bin];
  return presence(port.presence).some((bin) => bin + 1 > first && bin < last);
};

const showPorts = () => {
  const wanted = wantedPorts();
  const most = showAllPorts ? wanted.length : 50;
  const heads = [[IS_PORT ? "Port" : BY, ""], ["Buckets", "number"], ["Probability", "number"], ["First", "time"], ["Last", "time"], ["When", ""], ["Hosts", ""], ...(BY === "process.name" ? [] : [["Processes", ""]])];
  const rows = wanted.slice(0, most).map(portRow);
  byId("ports").replaceChildren(make("caption", { class: "unseen" }, IS_PORT ? "Ports, the rarest first" : "Values, the rarest first"),
    make("thead", {}, make("tr", {}, heads.map(([head, kind]) => make("th", { scope: "col", class: kind }, head)))), make("tbody", {}, rows));
  const others = DATA.other_ports.length ? `, and ${counted(DATA.other_ports.length, "more common one", "more common ones")} ${IS_PORT ? "on the map only" : "not shown"}` : "";
  const left = DATA.left_out.ports ? `; ${counted(DATA.left_out.ports, "value", "values")} left out` : "";
  byId("ports-count").textContent = `${grouped(wanted.length)} of ${counted(DATA.ports.length, ONE, MANY)}${others}${left}`;
  byId("ports-more").hidden = wanted.length <= most;
  byId("ports-more").textContent = `Show all ${grouped(wanted.length)}`;
  if (byId("port-search").value !== selection.port) byId("port-search").value = selection.port;
  requestAnimationFrame(() => drawStrips([...byId("ports").querySelectorAll("canvas")].map((canvas) => ({ canvas, hex: canvas.dataset.hex }))));
  drawMap(new Set(wanted.map(({ port }) => port)));
};

const portRow = (port) => {
  const distinct = (column) => few([...new Set(port.users.map((user) => user[column]))], 3);
  const more = port.other_events ? " and others" : "";
  const strip = make("canvas", { class: "mini", "data-hex": port.presence, role: "img", "aria-label": `in ${counted(port.buckets, "bucket", "buckets")}` });
  return make("tr", { class: "row" },
    make("td", {}, make("strong", {}, port.port), port.service ? ` ${port.service}` : ""),
    make("td", { class: "number" }, grouped(port.buckets)), make("td", { class: "number" }, port.probability.toExponential(2)),
    make("td", { class: "time" }, minute(port.first)), make("td", { class: "time" }, minute(port.last)), make("td", {}, strip),
    make("td", {}, distinct(0) + more), BY === "process.name" ? null : make("td", {}, distinct(1) + more));
};

// The rarer a port, the brighter and larger; ports that are not selected are dim.
const drawMap = (wanted) => {
  if (!IS_PORT) return;
  const canvas = byId("map");
  const context = canvas.getContext("2d");
  const cell = canvas.width / SIDE;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const spot = (port, radius, style) => {
    const number = Number(port);
    if (!Number.isInteger(number) || number < 0 || number >= SIDE * SIDE) return;
    const [x, y] = [(number % SIDE + 0.5) * cell, (Math.floor(number / SIDE) + 0.5) * cell];
    context.fillStyle = style;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  };
  for (const [port] of DATA.other_ports) spot(port, cell, "#3d6b99");
  for (const { port, probability } of [...DATA.ports].reverse()) {
    const rare = Math.min(1, Math.max(0, Math.log(0.05 / Math.max(probability, 1e-6)) / Math.log(0.05 / 1e-4)));
    const [bright, glow] = wanted.has(port) ? [1, 0.3] : [0.3, 0.05];
    if (rare > 0) spot(port, cell * (3 + 5 * rare), `rgba(255, 150, 60, ${glow})`);
    spot(port, cell * (1 + rare), rare > 0 ? `rgba(255, ${Math.round(210 - 110 * rare)}, 80, ${bright})` : `rgba(90, 160, 230, ${bright})`);
  }
};

const listenToPorts = () => {
  const nearest = (event) => {
    const box = byId("map").getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width * SIDE, (event.clientY - box.top) / box.height * SIDE];
    const distance = ({ port }) => Math.hypot(Number(port) % SIDE + 0.5 - x, Math.floor(Number(port) / SIDE) + 0.5 - y);
    return DATA.ports.filter((port) => distance(port) < 8).sort((left, right) => distance(left) - distance(right))[0];
  };
  byId("map").addEventListener("pointermove", (event) => {
    const port = nearest(event);
    byId("map").title = port ? inert(`${port.port} ${port.service ?? ""}: ${counted(port.buckets, "bucket", "buckets")}`) : "";
  });
  byId("map").addEventListener("click", (event) => select({ port: nearest(event)?.port ?? "" }));
  byId("port-search").addEventListener("input", () => select({ port: byId("port-search").value }));
  byId("ports-more").addEventListener("click", () => { showAllPorts = true; showPorts(); });
};
