// The arithmetic of the explorer, and nothing else: the same sums as riskscore's scoring, from the
// equations embedded in the page. `compute` is pure, so that it can be tested against Python.
// An exposure whose choice is null is unknown, and so is HLA that is not `typed`: they are averaged
// over the population.

// States of what is chosen: one where it is known, the population's where it is not.
function statesOf(exposure, choice) {
  const given = choice.exposures[exposure.id];
  if (given !== null) return [{ given, probability: 1 }];
  return exposure.states.map(([value, probability]) => ({ given: value, probability }));
}

// Whether a factor reads HLA that is not typed.
const open = (factor, choice) => !choice.typed && factor.untyped.length > 0;

// A factor's number; `state` is the place among what HLA may be where it is not typed.
function factorValue(factor, choice, { given, state }) {
  if (factor.kind === "exposure") {
    const own = given[factor.exposure];
    return factor.level ? Number(own === factor.level) : Number(own) / factor.per;
  }
  if (open(factor, choice)) return Number(factor.untyped[state]);
  if (factor.kind === "gene") {
    const pair = choice.genes[factor.gene];
    const copies = pair.reduce((sum, index) => sum + (index < 0 ? 0 : factor.carried[index]), 0);
    return factor.values[copies];
  }
  const same = (names) =>
    (names[0] === choice.haplotypes[0] && names[1] === choice.haplotypes[1]) ||
    (names[0] === choice.haplotypes[1] && names[1] === choice.haplotypes[0]);
  if (factor.kind === "diplotype") return Number(same(factor.names));
  if (factor.pairs.some(same)) return 0;
  return choice.haplotypes.filter((name) => name === factor.name).length;
}

// Why an input does nothing in this state, or "".
export function idle(model, exposure, choice) {
  if (exposure.sex && exposure.sex !== choice.sex) return `counts in ${exposure.sex === "female" ? "women" : "men"} alone`;
  if (exposure.only_if) {
    const [other, level] = exposure.only_if;
    const given = choice.exposures[other];
    if (given !== undefined && given !== null && given !== level) {
      const label = model.exposures.find((one) => one.id === other)?.label ?? other;
      return `counts only where ${label} is ${level.replaceAll("_", " ")}`;
    }
  }
  return "";
}

const HLA = "HLA"; // where it is not typed it is one measurement, as its genes are linked

// What a term reads of a person that may be unknown.
const readBy = (term, choice) => [...new Set(term.factors.flatMap((factor) =>
  (factor.kind === "exposure" ? [factor.exposure] : open(factor, choice) ? [HLA] : [])))];

// What shares terms, directly or through others: the unknown states of it go together.
function together(model, terms, choice) {
  const groups = new Map([HLA, ...model.exposures.map((exposure) => exposure.id)].map((id) => [id, id]));
  const root = (id) => (groups.get(id) === id ? id : root(groups.get(id)));
  for (const term of terms) {
    const own = readBy(term, choice).filter((id) => groups.has(id));
    for (const id of own.slice(1)) groups.set(root(id), root(own[0]));
  }
  const found = new Map();
  for (const id of groups.keys()) found.set(root(id), [...(found.get(root(id)) ?? []), id]);
  return [...found.values()];
}

function combinations(model, ids, choice) {
  let rows = [{ given: {}, state: -1, probability: 1 }];
  for (const id of ids) {
    if (id === HLA) {
      if (choice.typed) continue;
      rows = rows.flatMap((row) => model.untyped.map((share, state) => ({ ...row, state, probability: row.probability * share })));
      continue;
    }
    const exposure = model.exposures.find((one) => one.id === id);
    rows = rows.flatMap((row) => statesOf(exposure, choice).map((state) => ({
      ...row, given: { ...row.given, [id]: state.given }, probability: row.probability * state.probability })));
  }
  return rows;
}

// E[expit(center + X)] from the characteristic function of X at the nodes: see scoring/population/spectrum.py.
function meanRisk(center, nodes, real, imaginary) {
  if (Math.abs(center) >= 30) return 1 / (1 + Math.exp(-center));
  let total = 0.5;
  nodes.forEach(([node, weight], k) => {
    total += weight * (Math.sin(node * center) * real[k] + Math.cos(node * center) * imaginary[k]);
  });
  return Math.min(1, Math.max(0, total));
}

// The characteristic function of a discrete variable at the nodes, which are evenly spaced: its
// real and imaginary parts. From node to node each value turns by the same angle.
function spectrum(nodes, values, probabilities) {
  const real = nodes.map(() => 0);
  const imaginary = nodes.map(() => 0);
  const step = nodes[1][0] - nodes[0][0];
  values.forEach((value, i) => {
    const [turn, turned] = [Math.cos(step * value), Math.sin(step * value)];
    let a = probabilities[i] * Math.cos(nodes[0][0] * value);
    let b = probabilities[i] * Math.sin(nodes[0][0] * value);
    for (let k = 0; k < nodes.length; k += 1) {
      real[k] += a;
      imaginary[k] += b;
      const next = a * turn - b * turned;
      b = a * turned + b * turn;
      a = next;
    }
  });
  return [real, imaginary];
}

export function compute(model, choice) {
  const counted = model.terms.filter((term) => term.sexes.includes(choice.sex) &&
    !(term.only_known && choice.exposures[term.only_known] === null));
  const real = model.nodes.map(() => 1);
  const imaginary = model.nodes.map(() => 0);
  const mean = new Map(counted.map((term) => [term.id, 0]));
  const square = new Map(mean);
  let variance = 0;
  let third = 0;
  const times = (a, b) => model.nodes.forEach((_, k) => {
    [real[k], imaginary[k]] = [real[k] * a[k] - imaginary[k] * b[k], real[k] * b[k] + imaginary[k] * a[k]];
  });
  const groups = together(model, counted, choice);
  for (const ids of [[], ...groups]) {
    const own = counted.filter((term) => {
      const [first] = readBy(term, choice);
      return ids.length ? first && ids.includes(first) : !first;
    });
    if (!own.length) continue;
    const rows = combinations(model, ids, choice);
    const sums = own.map(() => [0, 0]);
    const values = rows.map((row) => own.reduce((total, term, n) => {
      let number = 1;
      for (const factor of term.factors) number *= factorValue(factor, choice, row);
      sums[n][0] += row.probability * number;
      sums[n][1] += row.probability * number * number;
      return total + term.weight * number;
    }, 0));
    own.forEach((term, n) => { mean.set(term.id, sums[n][0]); square.set(term.id, sums[n][1]); });
    if (rows.length === 1) continue;
    const centre = values.reduce((sum, value, i) => sum + rows[i].probability * value, 0);
    const away = values.map((value) => value - centre);
    away.forEach((value, i) => { variance += rows[i].probability * value ** 2; third += rows[i].probability * value ** 3; });
    times(...spectrum(model.nodes, away, rows.map((row) => row.probability)));
  }
  const ledger = counted.map((term) => ({ id: term.id, words: term.words, part: term.part,
    number: mean.get(term.id), contribution: term.weight * (mean.get(term.id) - term.mean) }));
  if (model.load.count) {
    const unknown = choice.load === null;
    const words = `${model.load.count} single variants, in SD`;
    ledger.push({ id: "load", words, part: "genetic",
      number: unknown ? 0 : choice.load, contribution: unknown ? 0 : choice.load * model.load.sd });
    if (unknown) {
      variance += model.load.sd ** 2;
      times(...model.load.spread);
    }
  }
  const logOdds = ledger.reduce((sum, entry) => sum + entry.contribution, 0);
  const base = model.baseline[choice.sex];
  const alpha = base.alpha[choice.stop];
  const risk = alpha === undefined ? NaN : meanRisk(alpha + logOdds, model.nodes, real, imaginary);
  let total = variance + base.alpha_sd ** 2 + model.load.weights_variance[choice.sex];
  for (const term of counted) {
    if (!term.se) continue;
    const away = mean.get(term.id) - term.case_mean[choice.sex];
    total += term.se ** 2 * (away ** 2 + square.get(term.id) - mean.get(term.id) ** 2);
  }
  const sd = Math.sqrt(total);
  const skew = sd > 0 ? Math.min(2, Math.max(-2, third / sd ** 3)) : 0;
  const z = 1.959963984540054;
  const end = (sign) => 1 / (1 + Math.exp(-(alpha + logOdds + sd * (((z * z - 1) / 6) * skew + sign * z))));
  return { ledger, logOdds, oddsRatio: Math.exp(logOdds), risk, low: end(-1), high: end(1),
    average: base.prevalence[choice.stop], percentile: percentile(base.quantiles, logOdds),
    unknown: { real, imaginary } };
}

// The place among the population's quantiles, 0 to 100.
function percentile(quantiles, x) {
  const above = quantiles.findIndex((value) => value > x);
  if (above === 0) return 0;
  if (above < 0) return 100;
  const [low, high] = [quantiles[above - 1], quantiles[above]];
  return (100 * (above - 1 + (x - low) / (high - low || 1))) / (quantiles.length - 1);
}

// The mean over what is not known of a person of a function of the log odds: its value far to the
// left, then the cosines and the sines of it at the nodes (scoring/risk/smooth.py).
function meanOf(waves, center, nodes, { real, imaginary }) {
  return nodes.reduce((total, [node], k) => {
    const [cosine, sine] = [Math.cos(node * center), Math.sin(node * center)];
    return total + waves[1 + k] * (cosine * real[k] - sine * imaginary[k])
      + waves[1 + nodes.length + k] * (cosine * imaginary[k] + sine * real[k]);
  }, waves[0]);
}

// The risk from an age, in a person free of the disease then, to each later one that can be chosen,
// beside the average of the same sex; `first` is the place of the age among the stops.
export function ageCurve(model, choice, first, { logOdds, unknown } = compute(model, choice)) {
  const { alpha, top, bottom, stops } = model.ages.by_sex[choice.sex];
  const [start, place] = [stops[first], alpha + logOdds];
  const within = Math.min(Math.max(place, bottom), top);
  const below = Math.exp(Math.min(place - bottom, 0)); // there the risk goes with the odds
  const mean = (waves) => meanOf(waves, within, model.nodes, unknown);
  const [before, free] = [mean(start.ill), mean(start.free)];
  return stops.slice(first + 1).map((end) => ({ age: end.age,
    risk: below * Math.min(1, Math.max(0, (mean(end.ill) - before) / start.alive / free)),
    average: (end.average_ill - start.average_ill) / start.alive / start.average_free }));
}
