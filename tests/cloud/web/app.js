// SPDX-License-Identifier: GPL-3.0-or-later
// The page: a list of nodes, and of the chosen one its facts, one live chart, its alerts, the messages.
import { Chart, color } from "./chart.js";
import { $, bytes, clock, duration, el, number } from "./format.js";

const RANGES = { "1 min": 60, "5 min": 300, "15 min": 900, "1 h": 3600 };
const STATUS = ["–", "unknown", "removed", "undefined", "clear", "warning", "critical"];
const [node = "", context = "system.cpu"] = location.hash.slice(1).split("/");
const state = { node, context, seconds: 60, nodes: [], chart: null };

async function get(path) {
  const response = await fetch(`/ui/${path}`);
  const body = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
  if (!response.ok) throw new Error(body.error || `HTTP ${response.status}`);
  return body;
}

// Runs fn for ever, each time `pause` after the last one ended; not while nobody looks.
function every(pause, fn) {
  const turn = async () => {
    if (!document.hidden) await fn().catch(() => {});
    setTimeout(turn, pause);
  };
  turn();
}

// ---- nodes --------------------------------------------------------------------------------------------------------

async function overview() {
  let o;
  try {
    o = await get("overview");
    $("trouble").textContent = "";
  } catch {
    $("trouble").textContent = "the local cloud does not answer";
    return;
  }
  state.nodes = o.nodes;
  const online = o.agents.filter((a) => a.online).length;
  totals({
    "agents online": `${online}/${o.agents.length}`, nodes: o.nodes.length, messages: o.link.messages,
    "page's queries": o.link.queries, received: bytes(o.link.up), sent: bytes(o.link.down),
    violations: o.link.violations || null,
  });
  $("welcome").hidden = o.nodes.length > 0;
  $("detail").hidden = o.nodes.length === 0;
  $("nodes").hidden = o.nodes.length === 0;
  $("command").textContent = `cp ${o.ca} cloud.d/trusted.pem\n`
    + `netdata-aclk claim --url ${o.url} --token ${o.token} --rooms ${Object.keys(o.rooms)[0]}`;
  if (!o.nodes.some((n) => n.id === state.node) && o.nodes.length) choose(o.nodes[0].id);
  $("nodes").replaceChildren(...o.nodes.map(card));
  wire(o.recent);
  facts();
}

function totals(values) {
  $("totals").replaceChildren(...Object.entries(values).filter(([, v]) => v !== null)
    .map(([k, v]) => el("div", {}, el("dt", {}, k), el("dd", {}, String(v)))));
}

function card(n) {
  const worst = n.alerts.critical ? "critical" : n.alerts.warning ? "warning" : null;
  return el("button", { "aria-current": n.id === state.node, onclick: () => choose(n.id) },
    el("span", { class: `dot ${n.state}` }), el("b", {}, n.hostname),
    worst ? el("span", { class: `count ${worst}`, title: worst }, String(n.alerts[worst])) : el("span"),
    el("small", {}, `${n.contexts} contexts${n.hops ? ` · through ${n.via}` : ""}`));
}

function choose(id) {
  state.node = id;
  location.hash = `${id}/${state.context}`;
  chart.message("asking the agent …");
  contexts().catch(() => {});
  alerts().catch(() => {});
  facts();
}

function facts() {
  const n = state.nodes.find((x) => x.id === state.node);
  if (!n) return;
  const i = n.info, labels = i.host_labels || {};
  $("hostname").textContent = n.hostname;
  $("state").textContent = n.state;
  $("state").className = `badge ${n.state}`;
  $("via").textContent = n.hops ? `${n.hops} hop${n.hops > 1 ? "s" : ""}, through ${n.via}` : "";
  const known = (v) => (v && v !== "unknown" ? v : null);
  const hertz = parseFloat(i.cpu_frequency) || 0;
  const list = {
    agent: known(i.version),
    system: [known(i.os_name) || known(i.os), known(i.os_version)].filter(Boolean).join(" "),
    kernel: [known(i.kernel_name), known(i.kernel_version), known(i.architecture)].filter(Boolean).join(" "),
    processors: i.cpus ? `${i.cpus}${hertz > 1e6 ? ` × ${(hertz / 1e9).toFixed(1)} GHz` : ""}` : null,
    memory: Number(i.memory) ? bytes(Number(i.memory)) : null,
    disks: Number(i.disk_space) ? bytes(Number(i.disk_space)) : null,
    runs: [known(i.virtualization_type), known(i.container_type)].filter((v) => v && v !== "none").join(", in "),
    timezone: known(i.timezone), contexts: n.contexts, collectors: n.collectors || null,
    labels: Object.keys(labels).filter((k) => !k.startsWith("_")).map((k) => `${k}=${labels[k]}`).join(" "),
  };
  $("facts").replaceChildren(...Object.entries(list).filter(([, v]) => v)
    .map(([k, v]) => el("li", {}, el("span", {}, k), String(v))));
}

// ---- chart --------------------------------------------------------------------------------------------------------

const chart = new Chart($("chart"), legend);

function legend(row) {
  const d = state.chart;
  if (!d) return;
  const values = d.rows[row >= 0 ? row : d.rows.length - 1] || [];
  $("legend").replaceChildren(
    el("span", { class: "faint" }, values.length ? clock(values[0]) : ""),
    ...d.labels.map((name, i) => el("span", {},
      el("i", { style: `background:${color(i)}` }), name, el("b", {}, number(values[i + 1])))));
}

async function refreshChart() {
  if (!state.node || !state.context || !state.nodes.length) return;
  const question = () => [state.node, state.context, state.seconds].join();
  const asked = question();
  let d;
  try {
    const points = Math.min(state.seconds, 300);
    d = await get(`node/${state.node}/chart?context=${encodeURIComponent(state.context)}`
      + `&seconds=${state.seconds}&points=${points}`);
  } catch (e) {
    if (asked !== question()) return;
    state.chart = null;
    $("legend").replaceChildren();
    $("chart-note").textContent = "";
    chart.message(e.message);
    return;
  }
  if (asked !== question()) return;                         // something else was chosen meanwhile
  state.chart = d;
  $("chart-title").textContent = d.title;
  $("chart-units").textContent = d.units;
  chart.draw(d);
  $("chart-note").textContent =
    `through the link in ${d.link.ms.toFixed(1)} ms, ${bytes(d.link.bytes)}: GET ${d.link.target}`;
}

async function contexts() {
  if (!state.node) return;
  const list = await get(`node/${state.node}/contexts`);
  const options = list.map((c) => el("option", { value: c.id }, `${c.title} (${c.units})`));
  $("context-list").replaceChildren(...options);
  if (list.length && !list.some((c) => c.id === state.context)) {
    const usual = ["system.cpu", "system.load"].map((id) => list.find((c) => c.id === id && c.collected));
    setContext((usual.find(Boolean) || list.find((c) => c.collected) || list[0]).id);
  }
}

function setContext(id) {
  state.context = id;
  $("context").value = id;
  location.hash = `${state.node}/${id}`;
  refreshChart();
}

$("context").value = state.context;
$("context").addEventListener("focus", (e) => e.target.select());
$("context").addEventListener("change", (e) => setContext(e.target.value.trim()));
for (const [name, seconds] of Object.entries(RANGES)) {
  const choice = el("button", { "aria-pressed": seconds === state.seconds }, name);
  choice.addEventListener("click", () => {
    state.seconds = seconds;
    for (const b of $("ranges").children) b.setAttribute("aria-pressed", b === choice);
    refreshChart();
  });
  $("ranges").append(choice);
}

// ---- alerts and messages ------------------------------------------------------------------------------------------

async function alerts() {
  if (!state.node) return;
  const a = await get(`node/${state.node}/alerts`);
  const count = (status) => a.active.filter((x) => x.status === status).length;
  $("alert-counts").replaceChildren(el("span", { class: "faint" },
    `${a.total} known · ${count(6)} critical, ${count(5)} warning, ${a.clear} clear`));
  const others = a.recent.filter((r) => !a.active.some((x) => x.transition_id === r.transition_id));
  const shown = [...a.active, ...others].slice(0, 14);
  const rows = shown.map((e) => el("tr", {},
    el("td", { class: "time" }, e.when ? `${duration(Date.now() / 1000 - e.when)} ago` : ""),
    el("td", { class: `s${e.status}` }, STATUS[e.status] || String(e.status)),
    el("td", { title: e.rendered_info }, e.name, el("div", { class: "faint" }, e.summary || e.chart)),
    el("td", { class: "num" }, e.value_string)));
  $("alerts").replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td", { class: "faint" }, "none yet"))]));
}

function wire(messages) {
  $("wire").replaceChildren(...messages.map((m) => el("tr", {},
    el("td", { class: "time" }, clock(m.time)),
    el("td", { title: m.direction === "up" ? "agent to cloud" : "cloud to agent" }, m.direction === "up" ? "↑" : "↓"),
    el("td", {}, m.type), el("td", { class: "faint" }, m.host), el("td", { class: "num" }, bytes(m.size)))));
}

chart.message("asking the agent …");
every(1000, overview);
every(1000, refreshChart);
every(5000, contexts);
every(2000, alerts);
