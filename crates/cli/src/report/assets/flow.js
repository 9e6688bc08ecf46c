// Who used a port: hosts, processes, users and destinations as a small flow diagram.

const FLOW_COLUMNS = ["Host", "Process", "User", "Destination"];
const MOST_IN_COLUMN = 8;

const drawFlow = (users) => {
  const nodes = FLOW_COLUMNS.map((_, column) => {
    const totals = new Map();
    for (const user of users) totals.set(user[column], (totals.get(user[column]) ?? 0) + user[4]);
    return [...totals].sort((x, y) => y[1] - x[1]);
  });
  const rows = Math.min(MOST_IN_COLUMN, Math.max(...nodes.map((column) => column.length)));
  const [wide, high, across, down, top] = [140, 24, 166, 32, 22];
  const place = (column, value) => {
    const at = nodes[column].findIndex(([name]) => name === value);
    return { x: column * across, y: top + Math.min(at, MOST_IN_COLUMN - 1) * down };
  };
  const [width, height] = [3 * across + wide, top + rows * down];
  const words = users.map((user) => `${user[0]}, ${user[1]}, ${user[2]}, ${user[3]}: ${counted(user[4], "event", "events")}`);
  const svg = makeSvg("svg", { class: "flow", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": inert(`Who used it: ${few(words, 6)}`) });
  svg.append(...FLOW_COLUMNS.map((name, column) => makeSvg("text", { class: "head", x: column * across + 4, y: 12 }, name)));
  svg.append(...flowLinks(users).map(([column, from, to, events]) => {
    const [start, end] = [place(column, from), place(column + 1, to)];
    const [x, y, u, v] = [start.x + wide, start.y + high / 2, end.x, end.y + high / 2];
    return makeSvg("path", { d: `M${x} ${y}C${x + 13} ${y} ${u - 13} ${v} ${u} ${v}`, "stroke-width": Math.min(8, 1.5 + Math.log2(events)) });
  }));
  nodes.forEach((column, index) => column.slice(0, MOST_IN_COLUMN).forEach(([value, events], row) => {
    const more = row === MOST_IN_COLUMN - 1 && column.length > MOST_IN_COLUMN;
    const name = inert(more ? `${column.length - row} more` : value || "(none)");
    const short = name.length > 19 ? `${name.slice(0, 18)}…` : name;
    svg.append(makeSvg("g", {},
      makeSvg("title", {}, `${name}: ${counted(events, "event", "events")}`),
      makeSvg("rect", { x: index * across, y: top + row * down, width: wide, height: high, rx: 4 }),
      makeSvg("text", { x: index * across + 7, y: top + row * down + 16 }, short)));
  }));
  return svg;
};

// Links between neighbouring columns, each once.
const flowLinks = (users) => {
  const links = new Map();
  for (const user of users) {
    for (let column = 0; column < 3; column += 1) {
      const key = JSON.stringify([column, user[column], user[column + 1]]);
      links.set(key, (links.get(key) ?? 0) + user[4]);
    }
  }
  return [...links].map(([key, events]) => [...JSON.parse(key), events]);
};
