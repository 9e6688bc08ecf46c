// The first thing that is read: what stands out, and how much was looked at.

const showOverview = () => {
  const { summary } = DATA;
  byId("log-span").textContent = summary.connections ? `${minute(summary.from)} to ${minute(summary.to)} UTC` : "";
  byId("sentences").replaceChildren(...summary.sentences.map((sentence) => make("p", {}, sentence)));
  const days = (summary.to - summary.from) / 86_400_000;
  const figures = [
    ["alerts", grouped(summary.alerts)], ["log span", days >= 2 ? `${days.toFixed(1)} days` : `${(days * 24).toFixed(1)} hours`],
    ["hosts", grouped(summary.hosts)], ["connections learned", grouped(summary.connections)], ["ports", grouped(summary.ports)],
    ["buckets", grouped(summary.buckets)], ["anomalies", grouped(summary.records)], ["events lost by the audit system", grouped(summary.lost_events)],
  ];
  byId("figures").replaceChildren(...figures.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  const band = ([name, , words]) => make("li", {}, make("span", { class: `swatch band-${name}`, "aria-hidden": "true" }), words);
  byId("legend").replaceChildren(...BANDS.map(band).reverse());
};

// The selection as inputs and as chips that take it back.
const showSelection = () => {
  const field = (millis) => millis === null ? "" : stamp(millis).slice(0, 16);
  byId("window-from").value = field(selection.from);
  byId("window-to").value = field(selection.to);
  const chips = [];
  for (const [name, values] of selection.values) {
    for (const value of values) {
      chips.push(make("button", { type: "button", onclick: () => toggleValue(name, value) }, `${FIELD_NAMES[name]}: ${value || "(none)"} ✕`));
    }
  }
  byId("chosen").replaceChildren(...chips);
};

const listenToWindow = () => {
  const millis = (id) => {
    const text = byId(id).value;
    return text ? Date.parse(`${text}Z`) : null;
  };
  const change = () => select({ from: millis("window-from"), to: millis("window-to") });
  byId("window-from").addEventListener("change", change);
  byId("window-to").addEventListener("change", change);
  byId("window").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => {
    select({ from: null, to: null, values: new Map(), filter: "", least: 0, port: "" });
    say("The selection is cleared.");
  });
};
