// Tables that sort and filter; without this code they are plain tables.
(() => {
  const LONG = 8; // rows from which on a table can be filtered
  const CATEGORIES = 10; // most values of a column that has a list to choose from
  const SHORT = 40; // most characters of such a value
  const LISTS = 4; // most lists of a table; where more columns could have one, none of them stands out
  const PRINTED = 100; // most rows of a table that is printed
  const MANY = 9; // columns of text from which on a table is printed row by row
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
  let made = 0;

  const element = (name, properties, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const text = (row, column) => row.cells[column].textContent.trim();

  const sortable = (table, rows) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const sort = (head, column) => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      if (next === "none") return body.append(...rows);
      const filled = rows.filter((row) => text(row, column) !== "");
      const empty = rows.filter((row) => text(row, column) === "");
      const numbers = filled.every((row) => Number.isFinite(Number(text(row, column))));
      const keys = new Map(filled.map((row) => [row, numbers ? Number(text(row, column)) : text(row, column)]));
      const sign = next === "ascending" ? 1 : -1;
      const order = numbers ? (a, b) => a - b : compare;
      filled.sort((a, b) => sign * order(keys.get(a), keys.get(b)));
      return body.append(...filled, ...empty); // what is not there comes last either way
    };
    heads.forEach((head, column) => {
      const name = head.textContent.trim();
      if (!name) return;
      const button = element("button", { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(head, column));
    });
  };

  const categories = (rows, heads) => heads
    .map((head, column) => ({ column, name: head.textContent.trim(), values: new Set(rows.map((row) => text(row, column))) }))
    .filter(({ values }) => values.size > 1 && values.size <= Math.min(CATEGORIES, rows.length / 3))
    .filter(({ values }) => [...values].every((value) => value.length <= SHORT && !/^-?\d+([.,]\d+)?$/.test(value)));

  const filterable = (table, rows, name) => {
    const number = (made += 1);
    const heads = [...table.tHead.rows[0].cells];
    const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const search = element("input", { type: "search", id: `search-${number}`, autocomplete: "off" });
    const said = element("p", { className: "count" });
    said.setAttribute("role", "status");
    const choices = categories(rows, heads);
    const lists = (choices.length > LISTS ? [] : choices).map(({ column, name: label, values }) => {
      const id = `choose-${number}-${column}`;
      const all = element("option", { value: "*" }, "all");
      const options = [...values].sort(compare).map((value) => element("option", { value: `=${value}` }, value || "(empty)"));
      const select = element("select", { id }, all, ...options);
      return { column, select, field: element("p", { className: "field" }, element("label", { htmlFor: id }, label), select) };
    });
    const apply = () => {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const fits = wanted.every((word) => words.get(row).includes(word))
          && lists.every(({ column, select }) => select.value === "*" || select.value === `=${text(row, column)}`);
        row.hidden = !fits;
        shown += fits;
      }
      said.textContent = `${shown} of ${rows.length} rows`;
      table.closest("figure").classList.toggle("long", shown > PRINTED);
    };
    const clear = () => {
      search.value = "";
      lists.forEach(({ select }) => { select.value = "*"; });
      apply();
    };
    search.addEventListener("input", apply);
    lists.forEach(({ select }) => select.addEventListener("change", apply));
    rows.forEach((row) => row.addEventListener("reveal", clear));
    const field = element("p", { className: "field grow" }, element("label", { htmlFor: search.id }, "Filter"), search);
    const tools = element("div", { className: "tools" }, field, ...lists.map((list) => list.field), said);
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", `Filter: ${name}`);
    table.closest(".scroll").before(tools);
    apply();
  };

  for (const table of document.querySelectorAll("table.data")) {
    if (!table.tHead || !table.tBodies.length) continue;
    const rows = [...table.tBodies[0].rows];
    const name = document.getElementById(table.getAttribute("aria-labelledby"))?.textContent.trim() ?? "";
    const heads = [...table.tHead.rows[0].cells];
    if (heads.filter((head) => !head.classList.contains("number")).length > MANY) {
      table.classList.add("many");
      const names = heads.map((head) => head.textContent.trim());
      rows.forEach((row) => [...row.cells].forEach((cell, column) => { cell.dataset.label = names[column]; }));
    }
    if (rows.length >= LONG) filterable(table, rows, name);
    if (rows.length > 1) sortable(table, rows);
  }

  // A link to a row that is filtered away or folded away brings it back.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) target.dispatchEvent(new Event("reveal"));
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
