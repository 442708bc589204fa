// The controls of the explorer and what follows from them.
const text = (tag, content, attributes = {}) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = content;
  return node;
};
const drawn = (tag, attributes, content = "") => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = content;
  return node;
};

// A risk in 1,000, with as many digits as an interval of this width bears.
function inThousand(p, unsure = 1) {
  const value = 1000 * p;
  let digits = unsure < 1.2 ? 3 : 2;
  if (unsure > 2 && value < 9.5 && !value.toExponential(1).startsWith("1")) digits = 1;
  return String(Number(value.toPrecision(digits)));
}

// Log odds with their sign; what rounds to nothing has none.
function signed(logOdds) {
  const words = logOdds.toFixed(3);
  return Number(words) === 0 ? "0.000" : `${logOdds > 0 ? "+" : ""}${words}`;
}

function ratioWords(ratio) {
  return ratio > 0.9 && ratio < 1.1 ? "about the average" : `${Number(ratio.toPrecision(2))} times the average`;
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

// A slider, with a box that says that the value is not known.
function slider(label, low, high, step, value, words, change, unknown = "") {
  const field = text("label", label);
  const box = text("input", "", { type: "range", min: low, max: high, step });
  box.value = value ?? (Number(low) + Number(high)) / 2;
  const shown = text("output", value === null ? "unknown" : words(Number(box.value)));
  box.addEventListener("input", () => {
    if (check) check.checked = false;
    shown.textContent = words(Number(box.value));
    change(Number(box.value));
  });
  field.append(box, shown);
  let check = null;
  if (unknown) {
    const known = text("label", "", { class: "unknown" });
    check = text("input", "", { type: "checkbox" });
    check.checked = value === null;
    check.addEventListener("change", () => {
      shown.textContent = check.checked ? "unknown" : words(Number(box.value));
      change(check.checked ? null : Number(box.value));
    });
    known.append(check, document.createTextNode(unknown));
    const both = document.createElement("div");
    both.append(field, known);
    return both;
  }
  return field;
}

// Of 100 people, how many have a lower score: never none and never all.
function percentileWords(percentile) {
  const rounded = Math.round(percentile);
  return { 0: "fewer than 1", 100: "more than 99" }[rounded] ?? String(rounded);
}

// One of the crowd in 100 small dots, where fewer than one of 1,000 is hit.
function enlarged(risk) {
  const parts = Math.round(100_000 * risk);
  const picture = drawn("svg", { class: "icons", role: "img", viewBox: "0 0 100 100",
    "aria-label": `${parts} of 100 parts of one person in 1,000` });
  for (let n = 0; n < 100; n += 1) {
    picture.append(drawn("circle", { class: n < parts ? "hit" : "ground", cx: (n % 10) * 10 + 5,
      cy: Math.floor(n / 10) * 10 + 5, r: 3.8 }));
  }
  const both = text("div", "", { class: "enlarged" });
  both.append(picture, text("span", "One of the 1,000, enlarged: each small dot is 1 in 100,000.", { class: "soft" }));
  return both;
}

function crowd(title, risk, words, name) {
  const hit = Math.round(1000 * risk);
  const figure = text("figure", "", { class: "crowd" });
  const picture = drawn("svg", { class: "icons", role: "img", viewBox: "0 0 400 250",
    "aria-label": `${title}: ${words} of 1,000` });
  const pattern = drawn("pattern", { id: name, width: 10, height: 10, patternUnits: "userSpaceOnUse" });
  pattern.append(drawn("circle", { class: "ground", cx: 5, cy: 5, r: 3.4 }));
  const defs = drawn("defs", {});
  defs.append(pattern);
  picture.append(defs, drawn("rect", { width: "100%", height: "100%", fill: `url(#${name})` }));
  for (let n = 0; n < hit; n += 1) {
    picture.append(drawn("circle", { class: "hit", cx: (n % 40) * 10 + 5, cy: Math.floor(n / 40) * 10 + 5, r: 4.4 }));
  }
  const caption = text("figcaption", "");
  caption.append(text("strong", title), document.createTextNode(`: ${words} in 1,000`));
  figure.append(caption, picture);
  if (1000 * risk < 1) figure.append(enlarged(risk));
  return figure;
}

// The population's scores as bars, and where this one stands.
function distribution(quantiles, x, place) {
  const [low, high] = [Math.min(quantiles[1], x), Math.max(quantiles.at(-2), x)];
  const wide = (high - low) / 40 || 1;
  const share = (value) => quantiles.filter((q) => q <= value).length / quantiles.length;
  const bars = Array.from({ length: 40 }, (_, i) => share(low + (i + 1) * wide) - share(low + i * wide));
  const top = Math.max(...bars);
  const picture = drawn("svg", { class: "distribution", role: "img", viewBox: "0 0 400 110",
    "aria-label": `higher than ${percentileWords(place)} of 100 people of the reference population` });
  bars.forEach((bar, i) => picture.append(drawn("rect", { class: "ground", x: i * 10 + 1, width: 8,
    y: 90 - (80 * bar) / top, height: (80 * bar) / top })));
  const at = (400 * (x - low)) / (high - low || 1);
  picture.append(drawn("line", { class: "mark", x1: at, x2: at, y1: 2, y2: 92 }));
  const anchor = at < 40 ? "start" : at > 360 ? "end" : "middle";
  picture.append(drawn("text", { x: at, y: 106, "text-anchor": anchor }, "this score"));
  return picture;
}

// The risk by age of this person, and of the average one.
function curve(rows, first) {
  const top = Math.max(...rows.map((row) => Math.max(row.risk, row.average))) || 1;
  const last = rows.at(-1).age;
  const place = (age, risk) => `${40 + (350 * (age - first)) / (last - first)},${100 - (85 * risk) / top}`;
  const line = (name) => [place(first, 0), ...rows.map((row) => place(row.age, row[name]))].join(" ");
  const picture = drawn("svg", { class: "curve", role: "img", viewBox: "0 0 400 125",
    "aria-label": `risk from age ${first} to ${last}: ${inThousand(rows.at(-1).risk)} in 1,000, average ${inThousand(rows.at(-1).average)}` });
  picture.append(drawn("line", { class: "axis", x1: 40, x2: 390, y1: 100, y2: 100 }),
    drawn("polyline", { class: "average", points: line("average") }),
    drawn("polyline", { class: "own", points: line("risk") }),
    drawn("text", { x: 36, y: 19, "text-anchor": "end" }, inThousand(top)),
    drawn("text", { x: 36, y: 104, "text-anchor": "end" }, "0"),
    drawn("text", { x: 46, y: 19 }, "in 1,000"));
  for (const [age, anchor] of [[first, "start"], [Math.round((first + last) / 2), "middle"], [last, "end"]]) {
    picture.append(drawn("text", { x: 40 + (350 * (age - first)) / (last - first), y: 118, "text-anchor": anchor }, `age ${age}`));
  }
  return picture;
}

function startingChoice(model) {
  const base = model.baseline.female;
  const choice = { sex: "female", stop: base.own === null ? null : base.prevalence.indexOf(base.own),
    load: model.load.count ? null : 0, age: 0, exposures: {}, genes: {}, haplotypes: [],
    typed: !model.untyped.length };
  if (model.haplotypes.length) choice.haplotypes = [model.haplotypes.at(-1), model.haplotypes.at(-1)];
  for (const gene of Object.keys(model.genes)) choice.genes[gene] = [-1, -1];
  for (const exposure of model.exposures) choice.exposures[exposure.id] = null;
  return choice;
}

// The state stands in the address, behind #, and goes nowhere.
function remembered(model) {
  const start = startingChoice(model);
  try {
    const told = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    return told.model === model.id ? { ...start, ...told.choice } : start;
  } catch {
    return start;
  }
}

function start(model, choice = remembered(model)) {
  const own = (sex) => {
    const base = model.baseline[sex];
    return base.own === null ? choice.stop : base.prevalence.indexOf(base.own);
  };
  const controls = document.getElementById("controls");
  controls.replaceChildren(...chooser(model));
  const outcome = model.outcome[0].toUpperCase() + model.outcome.slice(1);
  document.getElementById("outcome").textContent = outcome.includes(model.horizon)
    ? outcome : `${outcome}, ${model.horizon}`;
  const fields = new Map();
  const group = (title) => {
    const set = document.createElement("fieldset");
    set.append(text("legend", title));
    controls.append(set);
    return set;
  };
  const set = (apply) => (value) => { apply(value); show(); };
  const presets = group("Begin with");
  const exposures = model.exposures.length > 0;
  const again = (change) => () => { const fresh = startingChoice(model); change(fresh); start(model, fresh); };
  for (const [words, change, offered] of [
    ["everything unknown (reset)", () => {}, true],
    ["HLA without a risk allele", (fresh) => { fresh.typed = true; }, model.untyped.length > 0],
    [exposures ? "unexposed, other variants average" : "other variants average", (fresh) => {
      for (const exposure of model.exposures) {
        fresh.exposures[exposure.id] = exposure.levels.length ? exposure.levels[0] : exposure.mean;
      }
      if (model.load.count) fresh.load = 0;
    }, exposures || model.load.count > 0],
    ["many risk variants besides HLA", (fresh) => { fresh.load = 2; }, model.load.count > 0],
  ]) {
    if (!offered) continue;
    const button = text("button", words, { type: "button" });
    button.addEventListener("click", again(change));
    presets.append(button);
  }
  const side_by_side = (title) => {
    const both = text("div", "", { class: "two" });
    group(title).append(both);
    return both;
  };
  const hla = [];
  const untyped = text("p", "", { class: "idle" });
  if (model.untyped.length) {
    group("HLA").append(select("types", [["", "unknown"], ["typed", "as chosen below"]], choice.typed ? "typed" : "",
      set((value) => { choice.typed = value !== ""; })), untyped);
  }
  if (model.haplotypes.length) {
    const genes = side_by_side("HLA haplotypes");
    hla.push(genes);
    for (const side of [0, 1]) {
      genes.append(select(`DR-DQ ${side + 1}`, model.haplotypes.map((name) => [name, name]),
        choice.haplotypes[side], set((value) => { choice.haplotypes[side] = value; })));
    }
  }
  for (const [gene, alleles] of Object.entries(model.genes)) {
    const options = [[-1, "another allele"], ...alleles.map((name, index) => [index, name])];
    const genes = side_by_side(`HLA-${gene}`);
    hla.push(genes);
    for (const side of [0, 1]) {
      genes.append(select(`allele ${side + 1}`, options, choice.genes[gene][side],
        set((value) => { choice.genes[gene][side] = Number(value); })));
    }
  }
  if (model.load.count) {
    group("Other loci").append(slider(`effect of ${model.load.count} single variants together, in standard deviations (SD)`, -3, 3, 0.1, choice.load,
      (value) => `${value >= 0 ? "+" : ""}${value.toFixed(1)} SD`,
      set((value) => { choice.load = value; }), "unknown"));
  }
  const exposed = model.exposures.length ? group("Exposures") : null;
  for (const exposure of model.exposures) {
    const give = set((value) => { choice.exposures[exposure.id] = value === "" ? null : value; });
    const given = choice.exposures[exposure.id];
    const unit = exposure.unit ? ` (${exposure.unit})` : "";
    const field = document.createElement("div");
    field.append(exposure.levels.length
      ? select(`${exposure.label}${unit}`, [["", "unknown"], ...exposure.levels.map((level) => [level, level.replaceAll("_", " ")])], given ?? "", give)
      : slider(`${exposure.label}${unit}`, Math.max(exposure.range[0], exposure.mean - 3 * exposure.sd),
          Math.min(exposure.range[1], exposure.mean + 3 * exposure.sd), exposure.sd / 10, given,
          (value) => `${value.toPrecision(3)} ${exposure.unit}`, give, "unknown"));
    field.append(text("p", "", { class: "idle" }));
    exposed.append(field);
    fields.set(exposure.id, field);
  }
  const base = group("Baseline");
  base.append(select("sex", [["female", "female"], ["male", "male"]], choice.sex, set((value) => {
    choice.sex = value;
    choice.stop = own(value);
    if (choice.stop === null) return;
    risk.querySelector("input").value = choice.stop;
    risk.querySelector("output").textContent = `${inThousand(model.baseline[value].prevalence[choice.stop])} in 1,000`;
  })));
  const risk = slider(`average risk (${model.horizon})`, 0, model.baseline.female.prevalence.length - 1, 1,
    choice.stop, (stop) => `${inThousand(model.baseline[choice.sex].prevalence[stop])} in 1,000`, set((stop) => { choice.stop = stop; }),
    model.baseline.female.own === null ? "unknown" : "");
  base.append(risk);
  if (model.ages) {
    const { stops } = model.ages;
    base.append(slider("age today, free of the disease", 0, stops.length - 2, 1, choice.age,
      (place) => `${stops[place]} years`, set((place) => { choice.age = place; })));
  }

  function show() {
    const result = compute(model, choice);
    const told = !Number.isNaN(result.risk);
    const unsure = result.high / result.low;
    document.getElementById("headline").hidden = !told;
    document.getElementById("no-risk").hidden = told;
    if (told) {
      document.getElementById("risk").textContent = `${inThousand(result.risk, unsure)} in 1,000`;
      document.getElementById("interval").textContent = `${inThousand(result.low, unsure)} to ${inThousand(result.high, unsure)}`;
      document.getElementById("ratio").textContent = ratioWords(result.risk / result.average);
      document.getElementById("average").textContent = `${inThousand(result.average)} in 1,000`;
    }
    document.getElementById("odds").textContent = result.oddsRatio.toPrecision(3);
    document.getElementById("logodds").textContent = signed(result.logOdds);
    document.getElementById("percentile").textContent = percentileWords(result.percentile);
    document.getElementById("icons").replaceChildren(...(told
      ? [crowd("The average", result.average, inThousand(result.average), "ground-average"),
        crowd("People like this", result.risk, inThousand(result.risk, unsure), "ground-own")] : []));
    document.getElementById("distribution").replaceChildren(
      distribution(model.baseline[choice.sex].quantiles, result.logOdds, result.percentile));
    showAges(result);
    untyped.textContent = choice.typed ? "" : "averaged over the population: what is chosen below counts once types are known";
    for (const box of hla.flatMap((genes) => [...genes.querySelectorAll("select")])) box.disabled = !choice.typed;
    for (const exposure of model.exposures) {
      const why = idle(model, exposure, choice);
      const field = fields.get(exposure.id);
      field.querySelector(".idle").textContent = why;
      for (const box of field.querySelectorAll("select, input")) box.disabled = Boolean(why);
    }
    const rows = result.ledger.filter((row) => Math.abs(row.contribution) > 5e-4)
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
    const largest = Math.max(1e-9, ...rows.map((row) => Math.abs(row.contribution)));
    document.getElementById("ledger").replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const bar = text("meter", row.contribution.toFixed(3), { min: 0, max: largest, value: Math.abs(row.contribution),
        class: row.contribution > 0 ? "raises" : "lowers", "aria-label": `${row.words} ${row.contribution.toFixed(3)}` });
      const cell = document.createElement("td");
      cell.append(bar);
      line.append(text("td", row.words), text("td", String(Number(row.number.toPrecision(3))), { class: "number" }),
        text("td", signed(row.contribution), { class: "number" }), cell);
      return line;
    }));
    history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify({ model: model.id, choice }))}`);
  }
  function showAges(result) {
    const figure = document.getElementById("by-age");
    figure.hidden = !model.ages;
    if (!model.ages) return;
    const first = model.ages.stops[choice.age];
    const rows = ageCurve(model, choice, choice.age, result);
    const end = rows.at(-1);
    const another = choice.age === 0 && choice.stop === own(choice.sex) && Math.abs(end.average / result.average - 1) > 0.1
      ? ` The ${inThousand(result.average)} in 1,000 above are of another kind: ${document.getElementById("outcome").textContent}.` : "";
    figure.querySelector("div").replaceChildren(curve(rows, first));
    figure.querySelector("figcaption").textContent = `Of 1,000 people free of the disease at ${first}, ${inThousand(end.risk)} `
      + `with this score (red line) and ${inThousand(end.average)} on average (dashed) fall ill by ${end.age}. Some die of other `
      + `causes before. Rates: ${model.ages.table}, whatever average risk is chosen.${another}`;
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

window.riskscore = { compute, ageCurve, equations: models[0] };
start(models.find((model) => location.hash.includes(encodeURIComponent(`"${model.id}"`))) ?? models[0]);
// A page with charts is ready when they are drawn.
if (!document.querySelector("[data-chart]")) document.documentElement.dataset.ready = "true";
