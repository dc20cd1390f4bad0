# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of report.html. Data reaches the page only as text nodes and attribute values, never as markup."""

from __future__ import annotations

SCRIPT = r"""
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);

  // An element; strings among the children become text nodes.
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  };
  const chip = (kind, text) => make("span", { class: "chip " + kind }, text);
  const grouped = new Intl.NumberFormat("en").format;
  const collator = new Intl.Collator("en", { numeric: true });
  const noun = (number, word) => grouped(number) + " " + word + (number === 1 ? "" : "s");

  const duration = (seconds) => {
    if (seconds === null) return "";
    if (seconds < 0.0009995) return Number((seconds * 1e6).toPrecision(3)) + " µs";
    if (seconds < 0.9995) return Number((seconds * 1e3).toPrecision(3)) + " ms";
    return Number(seconds.toPrecision(3)) + " s";
  };

  // ---- the endpoints ----------------------------------------------------------------------------------------------

  const [CHECK, KIND, STATUS, CODE, DETAIL, VALUE, REMEDY] = [0, 1, 2, 3, 4, 5, 6];
  const STATUS_CHIPS = { ok: "good", failed: "bad", inconclusive: "soon", overridden: "mute", skipped: "mute" };
  const PASSED = new Set(["ok", "overridden"]);

  const endpoints = data.endpoints.map((source, index) => {
    const ratio = (kind) => {
      const made = source.checks.filter((check) => check[KIND] === kind && check[STATUS] !== "skipped");
      return { passed: made.filter((check) => PASSED.has(check[STATUS])).length, made: made.length };
    };
    const codes = source.diagnosis ? [source.diagnosis.code] : [];
    for (const check of source.checks) {
      if (check[CODE] && check[STATUS] !== "skipped") codes.push(check[CODE]);
    }
    codes.push(...source.warnings.map((warning) => warning.code));
    const text = [source.name, source.address, ...codes, source.diagnosis ? source.diagnosis.cause : ""];
    if (source.certificate) text.push(source.certificate.subject, source.certificate.issuer, ...source.certificate.san);
    return {
      ...source,
      index,
      codes: new Set(codes),
      proofs: ratio("proof"),
      refusals: ratio("refusal"),
      exposures: ratio("exposure"),
      days: source.certificate ? source.certificate.days_left : null,
      search: text.join("\n").toLowerCase(),
      row: null,
      detail: null,
    };
  });

  const passedOf = (ratio) => {
    const text = ratio.made ? ratio.passed + "/" + ratio.made : "–";
    return ratio.passed < ratio.made ? make("span", { class: "short" }, text) : text;
  };
  const share = (ratio) => (ratio.made ? ratio.passed / ratio.made : null);
  const daysOf = (endpoint) => {
    if (endpoint.days === null) return "–";
    const kind = endpoint.days <= data.thresholds.error ? "short" : endpoint.days <= data.thresholds.warning ? "near" : "";
    return make("span", { class: kind }, grouped(Math.floor(endpoint.days)));
  };
  const codeOf = (endpoint) => {
    if (endpoint.diagnosis) return make("code", {}, endpoint.diagnosis.code);
    return endpoint.warnings.length ? make("code", {}, endpoint.warnings[0].code) : "";
  };
  // On one line; what does not fit is in the tooltip and in the details.
  const clamped = (text, full = text) => make("span", { class: "clamp", title: full.slice(0, 300) }, text);
  // Where the endpoint is named after its host, its port says it all.
  const addressOf = (one) => clamped(one.name && one.address.startsWith(one.name + ":") ? one.address.slice(one.name.length) : one.address, one.address);
  const toggle = (endpoint) =>
    make("button", { type: "button", class: "toggle", "aria-expanded": "false" }, clamped(endpoint.name || "(no name)"));

  // key: what the column sorts by; null comes last either way.
  const columns = [
    { title: "Status", key: (one) => one.rank, cell: (one) => chip(data.standings[one.rank].kind, data.standings[one.rank].title) },
    { title: "Endpoint", key: (one) => one.name, cell: toggle },
    { title: "Address", key: (one) => one.address, cell: addressOf },
    { title: "Finding", key: (one) => (one.diagnosis || one.warnings[0] || { code: null }).code, cell: codeOf },
    { title: "Proofs", key: (one) => share(one.proofs), cell: (one) => passedOf(one.proofs), figure: true },
    { title: "Refusals", key: (one) => share(one.refusals), cell: (one) => passedOf(one.refusals), figure: true },
    { title: "Exposure", key: (one) => share(one.exposures), cell: (one) => passedOf(one.exposures), figure: true },
    { title: "Days left", key: (one) => one.days, cell: daysOf, figure: true },
    { title: "TLS", key: (one) => (one.tls ? one.tls.version : null), cell: (one) => (one.tls ? one.tls.version : "–") },
    { title: "Latency", key: (one) => one.latency, cell: (one) => duration(one.latency) || "–", figure: true },
    { title: "Audit", key: (one) => one.seconds, cell: (one) => duration(one.seconds), figure: true },
  ];

  const rowOf = (endpoint) => {
    if (!endpoint.row) {
      endpoint.row = make("tr", { class: "endpoint", "data-index": endpoint.index });
      for (const column of columns) {
        endpoint.row.append(make("td", column.figure ? { class: "figure" } : {}, column.cell(endpoint)));
      }
    }
    return endpoint.row;
  };

  // ---- the details of one -----------------------------------------------------------------------------------------

  const facts = (pairs) => {
    const list = make("dl");
    for (const [name, value] of pairs) {
      if (value !== null && value !== "") list.append(make("dt", {}, name), make("dd", {}, make("div", { class: "long" }, String(value))));
    }
    return list;
  };
  const finding = (kind, one) => {
    const pane = make("div", { class: "pane whole" }, make("p", {}, chip(kind, one.code), " ", one.cause));
    if (one.remedy) pane.append(make("p", { class: "remedy" }, one.remedy));
    if (one.raw) pane.append(make("p", { class: "said long" }, "Raw: " + one.raw));
    return pane;
  };
  const checkRow = (check) => {
    const result = make("td", {}, make("div", { class: "long" }, check[DETAIL]));
    if (check[CODE] && check[STATUS] !== "skipped") result.prepend(make("code", {}, check[CODE]));
    if (check[VALUE] !== null && !check[DETAIL].includes(String(check[VALUE]))) {
      result.append(make("div", { class: "said long" }, "Figure: " + check[VALUE]));
    }
    if (check[REMEDY]) result.append(make("p", { class: "remedy" }, check[REMEDY]));
    return make("tr", {}, make("td", {}, chip(STATUS_CHIPS[check[STATUS]] || "mute", check[STATUS])), make("td", { class: "code" }, check[CHECK]), result);
  };
  const checksPane = (title, checks) => {
    const body = make("tbody");
    body.append(...checks.map(checkRow));
    return make("div", { class: "pane" }, make("h3", {}, title), make("table", {}, body));
  };
  const detailOf = (endpoint) => {
    const panes = make("div", { class: "panes" });
    if (endpoint.diagnosis) panes.append(finding(data.standings[endpoint.rank].kind, endpoint.diagnosis));
    panes.append(...endpoint.warnings.map((warning) => finding("soon", warning)));
    for (const [kind, title] of [["proof", "Proofs"], ["refusal", "Refusals"], ["exposure", "Exposure"]]) {
      const checks = endpoint.checks.filter((check) => check[KIND] === kind);
      if (checks.length) panes.append(checksPane(title, checks));
    }
    const served = endpoint.certificate;
    const connection = facts([
      ["Name", endpoint.name],
      ["Address", endpoint.address],
      ["TLS", endpoint.tls ? [endpoint.tls.version, endpoint.tls.cipher, endpoint.tls.alpn].filter(Boolean).join(", ") : null],
      ["Subject", served && served.subject],
      ["Issuer", served && served.issuer],
      ["SAN", served && served.san.join(", ")],
      ["Valid", served && served.not_before + " to " + served.not_after],
      ["SHA-256", served && served.fingerprint_sha256],
      ["Latency", duration(endpoint.latency)],
      ["Audit", duration(endpoint.seconds) + (endpoint.rounds > 1 ? ", the last of " + noun(endpoint.rounds, "round") : "")],
    ]);
    panes.append(make("div", { class: "pane" }, make("h3", {}, "Connection and certificate"), connection));
    return make("tr", { class: "detail", id: "detail-" + endpoint.index }, make("td", { colspan: columns.length }, panes));
  };

  const body = byId("rows");
  const open = (endpoint) => {
    const opened = endpoint.detail !== null;
    const button = endpoint.row.querySelector(".toggle");
    button.setAttribute("aria-expanded", String(!opened));
    endpoint.row.classList.toggle("opened", !opened);
    if (opened) {
      endpoint.detail.remove();
      endpoint.detail = null;
      button.removeAttribute("aria-controls");
    } else {
      endpoint.detail = detailOf(endpoint);
      endpoint.row.after(endpoint.detail);
      button.setAttribute("aria-controls", endpoint.detail.id);
    }
  };
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr.endpoint");
    // Marking text to copy it must not open the row.
    if (row && (event.target.closest("button") || String(getSelection()) === "")) open(endpoints[Number(row.dataset.index)]);
  });

  // ---- sorting and filtering --------------------------------------------------------------------------------------

  const state = { column: 0, descending: false };
  const text = byId("filter-text");
  const status = byId("filter-status");
  const code = byId("filter-code");

  const compare = (one, other) => {
    const [left, right] = [columns[state.column].key(one), columns[state.column].key(other)];
    if (left === right) return one.index - other.index;
    if (left === null) return 1;
    if (right === null) return -1;
    const order = typeof left === "string" ? collator.compare(left, right) : left - right;
    return (state.descending ? -order : order) || one.index - other.index;
  };
  const show = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = endpoints.filter(
      (one) =>
        (status.value === "" || one.rank === Number(status.value)) &&
        (code.value === "" || one.codes.has(code.value)) &&
        words.every((word) => one.search.includes(word)),
    );
    chosen.sort(compare);
    const rows = document.createDocumentFragment();
    for (const endpoint of chosen) {
      rows.append(rowOf(endpoint));
      if (endpoint.detail) rows.append(endpoint.detail);
    }
    body.replaceChildren(rows);
    byId("count").textContent =
      chosen.length === endpoints.length ? noun(endpoints.length, "endpoint") : grouped(chosen.length) + " of " + noun(endpoints.length, "endpoint");
    byId("nothing").hidden = chosen.length > 0;
  };

  const headings = columns.map((column, index) => {
    const button = make("button", { type: "button" }, column.title);
    const heading = make("th", column.figure ? { scope: "col", class: "figure" } : { scope: "col" }, button);
    button.addEventListener("click", () => {
      state.descending = state.column === index && !state.descending;
      state.column = index;
      mark();
      show();
    });
    return heading;
  });
  const mark = () => {
    headings.forEach((heading, index) => {
      if (index === state.column) heading.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
  };
  byId("headings").append(...headings);

  const offer = (select, counts) => {
    for (const [value, title, number] of counts) select.append(make("option", { value }, title + " (" + grouped(number) + ")"));
  };
  const frequency = new Map();
  for (const endpoint of endpoints) {
    for (const one of endpoint.codes) frequency.set(one, (frequency.get(one) || 0) + 1);
  }
  const ranks = data.standings.map((standing, rank) => [String(rank), standing.title, endpoints.filter((one) => one.rank === rank).length]);
  offer(status, ranks.filter((one) => one[2] > 0));
  offer(code, [...frequency].sort((one, other) => other[1] - one[1] || collator.compare(one[0], other[0])).map(([name, number]) => [name, name, number]));

  text.addEventListener("input", show);
  status.addEventListener("change", show);
  code.addEventListener("change", show);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(show));
  for (const button of document.querySelectorAll("button[data-code]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      byId("filters").reset();
      code.value = button.dataset.code;
      show();
      byId("endpoints").scrollIntoView();
      code.focus({ preventScroll: true });
    });
  }

  mark();
  show();
  byId("endpoints").hidden = false;
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
"""
