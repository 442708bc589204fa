// Draws every chart of the page from the Vega-Lite specification beside it, without eval, and
// again when the colour scheme changes or the page is printed.
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function theme(printing) {
  const style = getComputedStyle(document.documentElement);
  const ink = printing ? "#1b1b1f" : style.getPropertyValue("--ink").trim();
  const faint = printing ? "#d9d9de" : style.getPropertyValue("--line").trim();
  return {
    background: null,
    font: "system-ui, sans-serif",
    title: { color: ink, fontSize: 14, fontWeight: 600, anchor: "start", subtitleColor: ink },
    axis: {
      labelColor: ink, titleColor: ink, gridColor: faint, domainColor: faint, tickColor: faint,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500,
    },
    legend: { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12 },
    header: { labelColor: ink, titleColor: ink, labelFontSize: 13, labelFontWeight: 600 },
    text: { color: ink },
    view: { stroke: null },
  };
}

async function draw(printing) {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    await vegaEmbed(figure, spec, {
      mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false,
      tooltip: { disableDefaultStyle: true }, config: theme(printing),
    });
  }
}

draw(false).then(
  () => { document.documentElement.dataset.ready = "true"; },
  (error) => { document.documentElement.dataset.ready = "error"; throw error; },
);
dark.addEventListener("change", () => draw(false));
window.addEventListener("beforeprint", () => draw(true));
window.addEventListener("afterprint", () => draw(false));
