// Pointing at a number, or reaching it by keyboard, shows where it comes from. Without this code the number is a link
// to its table. The box can be pointed at, stays until one turns away, and closes with Escape (WCAG 2.2, 1.4.13).
(() => {
  const SLOWLY = 250; // milliseconds: long enough to move the pointer from the number into the box
  const origins = JSON.parse(document.getElementById("origins").textContent);
  const box = document.createElement("div");
  [box.id, box.className, box.hidden, box.tabIndex] = ["origin", "origin", true, -1];
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", "Where this number comes from");
  document.body.append(box);
  let current = null;
  let timer = 0;

  const element = (name, className, ...children) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...children);
    return node;
  };
  const link = ({ href, text }) => Object.assign(element("a", "", text), { href });
  const row = (name, ...content) => [element("dt", "", name), element("dd", "", ...content)];
  const several = (items, write) => items.flatMap((item, place) => (place ? [element("br", ""), write(item)] : [write(item)]));

  const claim = (item) => element("span", "claim",
    element("span", `status ${item.status.replaceAll(" ", "-")}`, item.status), " ", link(item));

  const fill = (origin) => {
    const list = element("dl", "");
    if (origin.results.length) list.append(...row("Result", ...several(origin.results, (name) => element("code", "", name))));
    if (origin.note) list.append(...row("Source", origin.note));
    if (origin.shown.length) list.append(...row(origin.results.length ? "Shown in" : "Nearest table", ...several(origin.shown, link)));
    if (origin.made.length) list.append(...row("Made by", ...several(origin.made, link), origin.cell ? `, cell ${origin.cell}` : ""));
    const first = origin.claims.slice(0, 4);
    const more = origin.claims.length - first.length;
    if (first.length) list.append(...row("Claims", ...several(first, claim), more ? element("span", "more-claims", `and ${more} more`) : ""));
    else if (origin.results.length) list.append(...row("Claims", "no claim of the report is checked against it"));
    box.replaceChildren(list);
  };

  const place = () => {
    const at = (current.getClientRects()[0] ?? current.getBoundingClientRect());
    const room = document.documentElement.clientWidth - box.offsetWidth - 8;
    const below = at.bottom + 6;
    const above = at.top - box.offsetHeight - 6;
    const fits = below + box.offsetHeight <= innerHeight || above < 0;
    box.style.left = `${scrollX + Math.max(8, Math.min(at.left, room))}px`;
    box.style.top = `${scrollY + (fits ? below : above)}px`;
  };

  const close = () => {
    clearTimeout(timer);
    if (!current) return;
    current.setAttribute("aria-expanded", "false");
    current.removeAttribute("aria-describedby");
    [current, box.hidden] = [null, true];
  };
  const open = (number) => {
    clearTimeout(timer);
    if (number === current) return;
    close();
    current = number;
    fill(origins[Number(number.dataset.origin)]);
    box.hidden = false;
    number.setAttribute("aria-expanded", "true");
    number.setAttribute("aria-describedby", box.id);
    place();
  };
  const closeSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (!box.contains(document.activeElement) && document.activeElement !== current) close(); }, SLOWLY);
  };

  for (const number of document.querySelectorAll("a.num")) {
    number.setAttribute("role", "button");
    number.setAttribute("aria-haspopup", "dialog");
    number.setAttribute("aria-expanded", "false");
    number.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") open(number); });
    number.addEventListener("pointerleave", closeSoon);
    number.addEventListener("focus", () => open(number));
    number.addEventListener("blur", closeSoon);
    const enter = (event) => {
      event.preventDefault();
      open(number);
      if (event.type === "keydown" || event.detail === 0) (box.querySelector("a") ?? box).focus();
    };
    number.addEventListener("click", enter);
    number.addEventListener("keydown", (event) => { if (event.key === " ") enter(event); });
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", closeSoon);
  box.addEventListener("focusout", closeSoon);
  box.addEventListener("click", (event) => { if (event.target.closest("a")) setTimeout(close); });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const links = [...box.querySelectorAll("a")];
    const last = event.shiftKey ? links[0] : links[links.length - 1];
    if (document.activeElement !== last) return;
    const number = current; // leaving the box goes on from its number, as if the box stood behind it
    number.focus();
    if (event.shiftKey) event.preventDefault();
    else close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !current) return;
    if (box.contains(document.activeElement)) current.focus();
    close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (current && !box.contains(event.target) && !event.target.closest("a.num")) close();
  });
  addEventListener("resize", close);
})();
