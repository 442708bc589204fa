// The controls of the explorer and what follows from them.
const text = (tag, content, attributes = {}) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = content;
  return node;
};

function natural(p) {
  if (p >= 0.0005) return `${Number((1000 * p).toPrecision(3))} in 1,000`;
  return `${Number((100000 * p).toPrecision(2))} in 100,000`;
}

function select(label, options, chosen, change) {
  const field = text("label", label);
  const box = document.createElement("select");
  for (const [value, words] of options) {
    const option = text("option", words, { value });
    option.selected = String(value) === String(chosen);
    box.append(option);
  }
  box.addEventListener("change", () => change(box.value));
  field.append(box);
  return field;
}

function slider(label, low, high, step, value, words, change) {
  const field = text("label", label);
  const box = text("input", "", { type: "range", min: low, max: high, step, value });
  const shown = text("output", words(value));
  box.value = value;
  box.addEventListener("input", () => { shown.textContent = words(Number(box.value)); change(Number(box.value)); });
  field.append(box, shown);
  return field;
}

function icons(risk) {
  const crowd = [100, 1000, 10000, 100000].find((size) => risk * size >= 1) ?? 100000;
  const columns = { 100: 20, 1000: 40, 10000: 125, 100000: 400 }[crowd];
  const hit = Math.round(risk * crowd);
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const picture = svg("svg", { class: "icons", role: "img", viewBox: `0 0 ${columns * 10} ${crowd / columns * 10}`,
    "aria-label": `${hit} of ${crowd} people like this one` });
  const pattern = svg("pattern", { id: "crowd", width: 10, height: 10, patternUnits: "userSpaceOnUse" });
  pattern.append(svg("circle", { class: "ground", cx: 5, cy: 5, r: 3.6 }));
  const defs = svg("defs", {});
  defs.append(pattern);
  picture.append(defs, svg("rect", { width: "100%", height: "100%", fill: "url(#crowd)" }));
  for (let n = 0; n < hit; n += 1) {
    picture.append(svg("circle", { class: "hit", cx: (n % columns) * 10 + 5, cy: Math.floor(n / columns) * 10 + 5, r: 4.6 }));
  }
  return [picture, `About ${hit} of ${crowd.toLocaleString("en")} people like this one would have the outcome.`];
}

function start(model) {
  const own = (sex) => {
    const base = model.baseline[sex];
    return base.own === null ? 0 : base.prevalence.indexOf(base.own);
  };
  const choice = { sex: "female", stop: own("female"), load: 0, exposures: {}, genes: {}, haplotypes: [] };
  if (model.haplotypes.length) choice.haplotypes = [model.haplotypes.at(-1), model.haplotypes.at(-1)];
  for (const gene of Object.keys(model.genes)) choice.genes[gene] = [-1, -1];
  for (const exposure of model.exposures) {
    choice.exposures[exposure.id] = exposure.levels.length ? exposure.levels[0] : exposure.mean;
  }
  const controls = document.getElementById("controls");
  controls.replaceChildren(...chooser(model));
  document.getElementById("outcome").textContent = model.outcome;
  const group = (title) => {
    const set = document.createElement("fieldset");
    set.append(text("legend", title));
    controls.append(set);
    return set;
  };
  const set = (apply) => (value) => { apply(value); show(); };
  if (model.haplotypes.length) {
    const genes = group("HLA haplotypes");
    for (const side of [0, 1]) {
      genes.append(select(`DR-DQ haplotype ${side + 1}`, model.haplotypes.map((name) => [name, name]),
        choice.haplotypes[side], set((value) => { choice.haplotypes[side] = value; })));
    }
  }
  for (const [gene, alleles] of Object.entries(model.genes)) {
    const options = [[-1, "another allele"], ...alleles.map((name, index) => [index, name])];
    const genes = group(`HLA-${gene}`);
    for (const side of [0, 1]) {
      genes.append(select(`allele ${side + 1}`, options, -1,
        set((value) => { choice.genes[gene][side] = Number(value); })));
    }
  }
  if (model.load.count) {
    group("Other loci").append(slider(`load of ${model.load.count} single variants`, -3, 3, 0.1, 0,
      (value) => `${Number(value) >= 0 ? "+" : ""}${Number(value).toFixed(1)} SD`, set((value) => { choice.load = value; })));
  }
  const exposed = model.exposures.length ? group("Exposures") : null;
  for (const exposure of model.exposures) {
    const give = set((value) => { choice.exposures[exposure.id] = value; });
    const label = exposure.sex ? `${exposure.label} (counts in the ${exposure.sex} sex)` : exposure.label;
    exposed.append(exposure.levels.length
      ? select(label, exposure.levels.map((level) => [level, level.replaceAll("_", " ")]), exposure.levels[0], give)
      : slider(label, Math.max(exposure.range[0], exposure.mean - 3 * exposure.sd),
          Math.min(exposure.range[1], exposure.mean + 3 * exposure.sd), exposure.sd / 10, exposure.mean,
          (value) => `${Number(value).toPrecision(3)} ${exposure.unit}`, give));
  }
  const base = group("Baseline");
  base.append(select("sex", [["female", "female"], ["male", "male"]], "female", set((value) => {
    choice.sex = value;
    choice.stop = own(value);
    risk.querySelector("input").value = choice.stop;
    risk.querySelector("output").textContent = natural(model.baseline[value].prevalence[choice.stop]);
  })));
  const risk = slider(`risk of the average person (${model.horizon})`, 0, model.baseline.female.prevalence.length - 1, 1,
    choice.stop, (stop) => natural(model.baseline[choice.sex].prevalence[stop]), set((stop) => { choice.stop = stop; }));
  base.append(risk);

  function show() {
    const result = compute(model, choice);
    document.getElementById("risk").textContent = Number.isNaN(result.risk) ? "no risk given" : natural(result.risk);
    document.getElementById("odds").textContent = result.oddsRatio.toPrecision(3);
    document.getElementById("logodds").textContent = result.logOdds.toFixed(3);
    const [picture, words] = icons(result.risk);
    document.getElementById("icons").replaceChildren(picture);
    document.getElementById("icons-words").textContent = words;
    const rows = [...result.ledger].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
    const largest = Math.max(1e-9, ...rows.map((row) => Math.abs(row.contribution)));
    document.getElementById("ledger").replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const bar = text("meter", row.contribution.toFixed(3), { min: 0, max: largest, value: Math.abs(row.contribution),
        class: row.contribution > 0 ? "raises" : "lowers", "aria-label": `${row.id} ${row.contribution.toFixed(3)}` });
      const cell = document.createElement("td");
      cell.append(bar);
      line.append(text("td", row.id), text("td", String(Number(row.number.toPrecision(3))), { class: "number" }),
        text("td", `${row.contribution >= 0 ? "+" : ""}${row.contribution.toFixed(3)}`, { class: "number" }), cell);
      return line;
    }));
  }
  show();
}

// The models of the page; with several, the first control chooses among them.
const models = JSON.parse(document.getElementById("equations").textContent);

function chooser(model) {
  if (models.length < 2) return [];
  return [select("model", models.map((one) => [one.id, one.name]), model.id,
    (id) => start(models.find((one) => one.id === id)))];
}

window.riskscore = { compute, equations: models[0] };
start(models[0]);
// A page with charts is ready when they are drawn.
if (!document.querySelector("[data-chart]")) document.documentElement.dataset.ready = "true";
