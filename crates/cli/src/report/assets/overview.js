// The first thing that is read: what stands out, and how much was looked at.

const showOverview = () => {
  const { summary } = DATA;
  showJobs();
  if (!IS_PORT) {
    document.title = `Rare values of ${inert(BY)} · rareport`;
    byId("title").textContent = inert(`Rare values of ${BY}`);
    byId("ports-title").textContent = "Values by rarity";
    byId("map-figure").hidden = true;
    byId("filter").placeholder = "value, host, process, user";
    byId("port-search").placeholder = "value, host, process";
    byId("ports-layout").classList.add("without-map");
  }
  byId("ports-section").hidden = DATA.partition !== null;
  byId("log-span").textContent = summary.connections ? `${minute(summary.from)} to ${minute(summary.to)} UTC` : "";
  const [first, ...others] = summary.sentences.map((sentence) => make("p", {}, sentence));
  byId("sentences").replaceChildren(first, highestAlerts(), ...others);
  byId("left-out").textContent = summary.left_out ? inert(`Left out to keep this file below 3 MB: ${summary.left_out}.`) : "";
  const days = (summary.to - summary.from) / 86_400_000;
  const figures = [
    ["alerts", grouped(summary.alerts)], ...(summary.hidden ? [["hidden by exceptions", grouped(summary.hidden)]] : []), ["log span", days >= 2 ? `${days.toFixed(1)} days` : `${(days * 24).toFixed(1)} hours`],
    ["hosts", grouped(summary.hosts)], ["events read", grouped(summary.events)], [IS_PORT ? "connections learned" : "events learned", grouped(summary.connections)], [MANY, grouped(summary.ports)],
    ["buckets", grouped(summary.buckets)], ...(summary.buckets_before ? [["buckets learned before", grouped(summary.buckets_before)]] : []), ["anomalies", grouped(summary.records)], ["events lost by the audit system", grouped(summary.lost_events)],
  ];
  byId("figures").replaceChildren(...figures.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  const band = ([name, , words]) => make("li", {}, make("span", { class: `swatch band-${name}`, "aria-hidden": "true" }), words);
  byId("legend").replaceChildren(...BANDS.map(band).reverse());
};

// The jobs to choose from, each with what its rules found.
const showJobs = () => {
  byId("jobs").hidden = JOBS.length < 2;
  byId("job-list").replaceChildren(...JOBS.map((job) => {
    const { job_id: id, alerts } = job.summary;
    const current = job === DATA ? { "aria-current": "page" } : {};
    return make("li", {}, make("a", { href: `#${new URLSearchParams({ job: id })}`, ...current }, `${id}: ${counted(alerts, "alert", "alerts")}`));
  }));
};

// The highest alerts, each of which opens its row below.
const highestAlerts = () => {
  const { highest, alerts } = DATA.summary;
  const shown = new Set(DATA.records.map(({ record }) => record.id));
  const item = ([id, sentence]) => make("li", {}, shown.has(id)
    ? make("button", { type: "button", class: "link", onclick: () => openRecord(id) }, sentence) : sentence);
  const more = alerts > highest.length ? make("p", { class: "quiet" }, `and ${grouped(alerts - highest.length)} more, below`) : "";
  return highest.length ? make("div", {}, make("ol", { class: "highest" }, highest.map(item)), more) : "";
};

const openRecord = (id) => {
  select({ open: id, from: null, to: null, values: new Map(), filter: "", least: 0 });
  const opened = byId("anomalies").querySelector('button[aria-expanded="true"]');
  opened?.focus();
  opened?.scrollIntoView({ block: "center" });
};

// The selection as inputs and as chips that take it back.
const showSelection = () => {
  const field = (millis) => millis === null ? "" : stamp(millis).slice(0, 16);
  byId("window-from").value = field(selection.from);
  byId("window-to").value = field(selection.to);
  const chips = [];
  for (const [name, values] of selection.values) {
    for (const value of values) {
      chips.push(make("button", { type: "button", onclick: () => toggleValue(name, value) }, `${nameOf(name)}: ${value || "(none)"} ✕`));
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
