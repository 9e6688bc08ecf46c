// The data of the report, of each job, and questions about those of the one that is shown, which
// the address names.

const JOBS = JSON.parse(byId("data").textContent);
const jobOfAddress = () => {
  const wanted = new URLSearchParams(location.hash.slice(1)).get("job");
  return JOBS.find(({ summary }) => summary.job_id === wanted) ?? JOBS[0];
};
const DATA = jobOfAddress();
const AXIS = DATA.axis;
const AXIS_END = AXIS.start + AXIS.bin * Math.max(AXIS.bins, 1);
const BY = DATA.field;
const IS_PORT = BY === "destination.port";
const [ONE, MANY] = IS_PORT ? ["port", "ports"] : ["value", "values"];
const FIELD_NAMES = {
  "overall": "Overall", "host.name": "Host", "process.name": "Process", "user.name": "User",
  "destination.ip": "Destination", "destination.port": "Port",
};
const nameOf = (field) => FIELD_NAMES[field] ?? field;
const FIELDS = DATA.lanes.map(({ field }) => field);
const PORTS = new Map(DATA.ports.map((port) => [port.port, port]));

const valuesOf = (record, field) => {
  if (field === record.by_field_name) return [record.by_field_value ?? ""];
  if (field === record.partition_field_name) return [record.partition_field_value ?? ""];
  const found = record.influencers.find((influencer) => influencer.influencer_field_name === field);
  return found ? found.influencer_field_values : [];
};

// What the rules made of a record.
const judgement = ({ alerts, hidden_by: hidden }) => alerts.length ? "alert" : hidden.length ? "hidden" : "";

// In which bins a port was there.
const presence = (hex) => {
  const bins = [];
  for (let at = 0; at < hex.length; at += 1) {
    const digit = parseInt(hex[at], 16);
    for (let bit = 0; bit < 4; bit += 1) if (digit & (8 >> bit)) bins.push(4 * at + bit);
  }
  return bins;
};
