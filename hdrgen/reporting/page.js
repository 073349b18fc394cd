// The value of a curve nearest to the pointer, beside its chart
function tell(chart) {
  const readout = chart.querySelector(".readout"), dots = Array.from(chart.querySelectorAll("circle"));
  chart.querySelector("svg")?.addEventListener("pointermove", (event) => {
    const distance = (dot) => {
      const box = dot.getBoundingClientRect();
      return Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
    };
    const nearest = dots.reduce((best, dot) => (distance(dot) < distance(best) ? dot : best));
    for (const dot of dots) dot.classList.toggle("near", dot === nearest);
    readout.textContent = nearest.textContent;
  });
}

document.querySelectorAll(".chart").forEach(tell);
// Browsers before 2023 have no DecompressionStream; they keep the pictures below
if ("DecompressionStream" in window) {
  Promise.all(Array.from(document.querySelectorAll(".scene"), (scene) => view(scene))).then(() => {
    document.documentElement.dataset.ready = "";
  });
}
