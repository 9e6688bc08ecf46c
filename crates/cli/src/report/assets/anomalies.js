// The table of anomalies: what is selected, filtered and sorted; a row opens.

const SHOWN_AT_FIRST = 100;
const COLUMN_FIELDS = { host: "host.name", process: "process.name", user: "user.name", destination: "destination.ip" };
const COLUMNS = [
  ["score", "Score", (shown) => shown.record.record_score, "number"],
  ["alert", "Alert", judgement, ""],
  ["port", IS_PORT ? "Port" : BY, (shown) => IS_PORT ? Number(shown.record.by_field_value) : shown.record.by_field_value, ""],
  ["time", "Time", (shown) => shown.record.timestamp, "time"],
  ["host", "Host", (shown) => valuesOf(shown.record, "host.name").join(", "), ""],
  ["process", "Process", (shown) => valuesOf(shown.record, "process.name").join(", "), ""],
  ["user", "User", (shown) => valuesOf(shown.record, "user.name").join(", "), ""],
  ["destination", "Destination", (shown) => valuesOf(shown.record, "destination.ip").join(", "), ""],
  ["seen", "Seen before", (shown) => shown.record.explanation?.buckets_seen ?? 0, "number"],
].filter(([name]) => COLUMN_FIELDS[name] !== BY);
let showAllAnomalies = false;

const searched = ({ record, alerts, hidden_by: hidden }) => [...alerts, ...hidden, judgement({ alerts, hidden_by: hidden }), record.by_field_value, PORTS.get(record.by_field_value)?.service ?? "",
  ...record.influencers.flatMap((influencer) => influencer.influencer_field_values)].join("\n").toLowerCase();

const wantedAnomalies = () => {
  const words = selection.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = DATA.records.filter((shown) => isSelected(shown) && shown.record.record_score >= selection.least
    && words.every((word) => searched(shown).includes(word)));
  const key = (COLUMNS.find(([name]) => name === selection.sort) ?? COLUMNS[0])[2];
  const compare = (x, y) => (x < y ? -1 : x > y ? 1 : 0) * (selection.down ? -1 : 1);
  return wanted.map((shown, at) => [key(shown), at, shown]).sort((x, y) => compare(x[0], y[0]) || x[1] - y[1]).map(([, , shown]) => shown);
};

const showAnomalies = () => {
  const wanted = wantedAnomalies();
  const at = wanted.findIndex(({ record }) => record.id === selection.open);
  const most = showAllAnomalies ? wanted.length : Math.max(SHOWN_AT_FIRST, at + 1);
  const rows = wanted.slice(0, most).flatMap(anomalyRows);
  const table = byId("anomalies");
  const focused = table.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  table.replaceChildren(make("caption", { class: "unseen" }, "Anomalies"), make("thead", {}, make("tr", {}, COLUMNS.map(anomalyHead))), make("tbody", {}, rows));
  if (focused) [...table.querySelectorAll("[data-key]")].find((element) => element.dataset.key === focused)?.focus();
  const left = DATA.left_out.records ? `; ${counted(DATA.left_out.records, "one", "ones")} with lower scores left out of the report` : "";
  byId("anomalies-count").textContent = `${grouped(wanted.length)} of ${grouped(DATA.records.length)}${left}`;
  byId("anomalies-more").hidden = wanted.length <= most;
  byId("anomalies-more").textContent = `Show all ${grouped(wanted.length)}`;
  if (byId("filter").value !== selection.filter) byId("filter").value = selection.filter;
  byId("least").value = selection.least || "";
};

const anomalyHead = ([name, title, , kind]) => {
  const sorted = selection.sort === name;
  const sort = () => select(sorted ? { down: !selection.down } : { sort: name, down: kind === "number" });
  const mark = sorted ? (selection.down ? " ▼" : " ▲") : "";
  return make("th", { scope: "col", class: kind, "aria-sort": sorted ? (selection.down ? "descending" : "ascending") : "none" },
    make("button", { type: "button", "data-key": `sort ${name}`, onclick: sort }, title + mark));
};

const anomalyRows = (shown) => {
  const { record } = shown;
  const isOpen = record.id === selection.open;
  const toggle = () => select({ open: isOpen ? null : record.id });
  const service = PORTS.get(record.by_field_value)?.service;
  const cells = COLUMNS.map(([name, , value, kind]) => {
    let content = value(shown);
    if (name === "score") content = make("span", { class: `score band-${band(record.record_score)}` }, record.record_score.toFixed(1));
    if (name === "alert") content = make("span", { class: `judged-${judgement(shown)}` }, judgement(shown));
    if (name === "time") content = minute(record.timestamp);
    if (name === "port") {
      content = make("button", { type: "button", class: "open", "data-key": `open ${record.id}`, "aria-expanded": String(isOpen), onclick: toggle },
        `${isOpen ? "▾" : "▸"} ${record.by_field_value}${service ? ` ${service}` : ""}`);
    }
    if (name === "seen") {
      const { buckets_seen: seen = 0, buckets_learned: learned = 0 } = record.explanation ?? {};
      content = seen ? `${grouped(seen)} of ${grouped(learned)}` : "never";
    }
    const field = COLUMN_FIELDS[name];
    if (field) content = few(valuesOf(record, field), 3);
    return make("td", { class: kind }, content);
  });
  const row = make("tr", { class: "row", "data-id": record.id, "data-score": record.record_score }, cells);
  return isOpen ? [row, make("tr", { class: "opened" }, make("td", { colspan: COLUMNS.length }, showDetail(shown)))] : [row];
};

const listenToAnomalies = () => {
  byId("filter").addEventListener("input", () => select({ filter: byId("filter").value }));
  byId("least").addEventListener("input", () => select({ least: Number(byId("least").value) || 0 }));
  byId("anomalies-more").addEventListener("click", () => { showAllAnomalies = true; showAnomalies(); });
};
