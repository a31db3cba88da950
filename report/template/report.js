// The static images stand until Plotly's code is there; then each figure becomes interactive when it comes into view.
(() => {
  const spec = (plot) => JSON.parse(document.getElementById(plot.dataset.spec).textContent);

  const draw = (plot) => {
    const { data, layout } = spec(plot);
    const canvas = document.createElement("div");
    canvas.className = "canvas";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", plot.dataset.label);
    plot.append(canvas);
    plot.classList.add("drawn");
    Plotly.newPlot(canvas, data, layout, { displaylogo: false, displayModeBar: false });
    // Figures are drawn for one width; on another they are scaled as a whole, so that nothing moves in them.
    const fit = () => {
      const scale = plot.clientWidth / layout.width;
      canvas.style.cssText = `transform-origin: 0 0; transform: scale(${scale}); width: ${layout.width}px;`;
      plot.style.height = `${layout.height * scale}px`;
    };
    new ResizeObserver(fit).observe(plot);
    fit();
  };

  if (window.Plotly) {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((e) => e.isIntersecting)) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "400px" });
    document.querySelectorAll(".plot").forEach((plot) => seen.observe(plot));
  }

  // A PNG is made here, at twice the size, from the figure itself; the page asks nobody for it.
  const fromImage = async (image) => {
    if (!image) throw new Error("no image");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  };
  const toPng = async (plot) => {
    if (!window.Plotly) return fromImage(plot.querySelector("img"));
    const { data, layout } = spec(plot);
    return Plotly.toImage({ data, layout }, { format: "png", scale: 2, width: layout.width, height: layout.height });
  };
  for (const place of document.querySelectorAll(".png")) {
    const button = document.createElement("button");
    const said = document.createElement("span");
    [button.type, button.className, button.textContent] = ["button", "link", "PNG"];
    said.setAttribute("role", "status");
    place.append(button, said, " · ");
    button.addEventListener("click", async () => {
      said.textContent = "";
      try {
        const link = document.createElement("a");
        link.href = await toPng(place.closest("figure").querySelector(".plot"));
        link.download = `${place.dataset.name}.png`;
        link.click();
      } catch {
        said.textContent = " (this browser cannot make one from a page on disk; the SVG has the same picture)";
      }
    });
  }

  // Contents: folded on a small screen, and marking the section that is read.
  const contents = document.querySelector(".contents");
  const wide = matchMedia("(min-width: 70rem)");
  const unfold = () => { contents.open = wide.matches; };
  wide.addEventListener("change", unfold);
  unfold();
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const reading = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  document.querySelectorAll("main > section").forEach((section) => reading.observe(section));

  // On paper nothing can be unfolded: what belongs to the verdict is shown, the rest is left out by the style sheet.
  const folded = () => document.querySelectorAll(".matter details:not([open])");
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...folded()];
    unfolded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => unfolded.forEach((details) => { details.open = false; }));
})();
