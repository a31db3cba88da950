// The static images stand until Plotly's code is there; then each figure becomes interactive when it comes into view.
(() => {
  if (!window.Plotly) return;
  const draw = (plot) => {
    const spec = JSON.parse(document.getElementById(plot.dataset.spec).textContent);
    const label = plot.querySelector("img")?.alt ?? "";
    plot.replaceChildren();
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", label);
    const canvas = document.createElement("div");
    plot.append(canvas);
    Plotly.newPlot(canvas, spec.data, spec.layout, { displaylogo: false, displayModeBar: false });
    // Figures are drawn for one width; on another they are scaled as a whole, so that nothing moves in them.
    const fit = () => {
      const scale = Math.max(plot.clientWidth, 704) / spec.layout.width;
      canvas.style.cssText = `transform-origin: 0 0; transform: scale(${scale}); width: ${spec.layout.width}px;`;
      plot.style.height = `${spec.layout.height * scale + (plot.offsetHeight - plot.clientHeight)}px`;
    };
    new ResizeObserver(fit).observe(plot);
    fit();
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "400px" });
  document.querySelectorAll(".plot").forEach((plot) => seen.observe(plot));
})();
