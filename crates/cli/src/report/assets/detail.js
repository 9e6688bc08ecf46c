// What an open row of the anomalies says.

const showDetail = (shown) => {
  const { record } = shown;
  const port = PORTS.get(record.by_field_value);
  const parts = [make("div", { class: "whole" }, make("p", {}, record.explanation?.sentence ?? ""), judgementsOf(shown), numbersOf(record))];
  if (port) parts.push(stripOf(port, record));
  parts.push(flowOf(shown, port), peersOf(record), evidenceOf(shown), actionsOf(shown));
  return make("div", { class: "detail" }, parts);
};

const judgementsOf = ({ alerts, hidden_by: hidden }) => [
  ...alerts.map((rule) => make("p", {}, `An alert of the rule ${rule}.`)),
  ...hidden.map((exception) => make("p", {}, `Hidden by the exception “${exception}”.`)),
];

const numbersOf = (record) => make("p", { class: "quiet" },
  `Probability ${record.probability.toExponential(3)}, score ${record.record_score.toFixed(3)}, bucket ${minute(record.timestamp)} to ${minute(record.timestamp + record.bucket_span * 1000)}.`);

const stripOf = (port, record) => {
  const words = `${IS_PORT ? "Port " : ""}${port.port} was there in ${counted(port.buckets, "bucket", "buckets")}, first ${minute(port.first)}, last ${minute(port.last)}.`;
  const canvas = make("canvas", { class: "strip", role: "img", "aria-label": words });
  requestAnimationFrame(() => drawStrips([{ canvas, hex: port.presence, marked: record.timestamp }]));
  return make("div", { class: "whole" }, make("h3", {}, `When the ${ONE} was used`), canvas, make("p", { class: "quiet" }, words));
};

const flowOf = (shown, port) => {
  const users = port?.users ?? shown.samples.map((sample) => [
    sample.host?.name ?? "", sample.process?.name ?? "", sample.user?.name ?? "", sample.destination?.ip ?? "", 1]);
  const others = port?.other_events ? make("p", { class: "quiet" }, `${port.users.length ? "and " : ""}${counted(port.other_events, "event", "events")} of ${port.users.length ? `others, who came later than these ${port.users.length}` : "users for whom there is no room"}`) : null;
  return make("div", {}, make("h3", {}, `Who used the ${ONE}`), users.length ? drawFlow(users) : others ? null : make("p", {}, "Not known."), others);
};

const peersOf = (record) => {
  const { explanation } = record;
  const peer = ({ value, buckets_seen: buckets }) => make("li", {}, make("strong", {}, value || "(none)"), ` seen in ${counted(buckets, "bucket", "buckets")} before`);
  const place = explanation ? `Number ${grouped(explanation.rank)} in rarity of ${grouped(explanation.known_values)} known ${MANY}.` : "";
  return make("div", {}, make("h3", {}, "About as rare"), make("p", {}, place), make("ul", { class: "peers" }, (explanation?.nearest ?? []).map(peer)));
};

const evidenceOf = (shown) => {
  const title = shown.events > shown.samples.length ? `The first ${shown.samples.length} of ${grouped(shown.events)} events` : "Events";
  const heads = ["Time", "Host", "Process", "User", "Destination", "Records"];
  const row = (sample) => {
    const { process = {}, user = {} } = sample;
    const login = user.audit?.name && user.audit.name !== user.name ? ` (logged in as ${user.audit.name})` : "";
    const cells = [
      stamp(Date.parse(sample["@timestamp"])), sample.host?.name ?? "",
      make("span", {}, make("code", {}, process.title ?? process.executable ?? process.name ?? ""), process.pid ? ` pid ${process.pid}` : ""),
      `${user.name ?? ""}${login}`, sample.destination?.ip ?? "",
      sample.command ? make("span", {}, make("code", {}, sample.command), " ", copyButton("Copy", "command", () => sample.command)) : "",
    ];
    return make("tr", {}, cells.map((cell, at) => make("td", { class: at ? "" : "time" }, cell)));
  };
  const none = shown.without_samples ? `${counted(shown.events, "event", "events")}, left out to keep this file small.` : "None are kept.";
  if (!shown.samples.length) return make("div", { class: "whole" }, make("h3", {}, "Events"), make("p", {}, none));
  return make("div", { class: "whole" }, make("h3", {}, title), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    make("table", { class: "evidence" }, make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, shown.samples.map(row)))));
};

const actionsOf = (shown) => make("div", { class: "whole actions" },
  copyButton("Copy an exception", "exception", () => shown.exception),
  copyButton("Copy the JSON", "json", () => JSON.stringify(shown.record)));
