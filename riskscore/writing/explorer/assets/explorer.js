// The arithmetic of the explorer, and nothing else: the same sums as riskscore's scoring, from the
// equations embedded in the page. `compute` is pure, so that it can be tested against Python.
function factorValue(factor, choice) {
  if (factor.kind === "exposure") {
    const given = choice.exposures[factor.exposure];
    return factor.level ? Number(given === factor.level) : Number(given) / factor.per;
  }
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

function outranked(model, factor, choice) {
  if (factor.kind !== "exposure") return false;
  const own = model.exposures.find((exposure) => exposure.id === factor.exposure);
  if (!own || !own.one_of) return false;
  const first = model.exposures.find((exposure) => exposure.one_of === own.one_of);
  return first.id !== own.id;
}

export function compute(model, choice) {
  const ledger = [];
  for (const term of model.terms) {
    const applies = term.sexes.includes(choice.sex) &&
      !term.factors.some((factor) => outranked(model, factor, choice));
    if (!applies) continue;
    const number = term.factors.reduce((x, factor) => x * factorValue(factor, choice), 1);
    ledger.push({ id: term.id, label: term.label, part: term.part, number,
      contribution: term.weight * (number - term.mean) });
  }
  if (model.load.count) {
    ledger.push({ id: `${model.load.count} single variants`, label: "", part: "genetic",
      number: choice.load, contribution: choice.load * model.load.sd });
  }
  const logOdds = ledger.reduce((sum, entry) => sum + entry.contribution, 0);
  const alpha = model.baseline[choice.sex].alpha[choice.stop];
  const risk = alpha === undefined ? NaN : 1 / (1 + Math.exp(-(alpha + logOdds)));
  return { ledger, logOdds, oddsRatio: Math.exp(logOdds), risk };
}
