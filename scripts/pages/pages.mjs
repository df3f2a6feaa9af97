// Opens pages of reports in Chromium: nothing in the console, no request outside the file, no violation of
// WCAG 2 A and AA that axe-core finds, everything that can be used is reached with the keyboard, and every
// figure is the value of the tables, to the rounding that is shown.
//   node pages.mjs OUT REPORTS
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [out, folder] = process.argv.slice(2);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const faults = [];

/** Rows of a CSV without quoted line ends. */
function rows(file) {
  if (!fs.existsSync(file)) return [];
  const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((m) => m[1].replace(/^"|"$/g, "").replaceAll('""', '"'));
  const [head, ...lines] = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  const names = cells(head);
  return lines.map((line) => Object.fromEntries(cells(line).map((value, n) => [names[n], value])));
}

const stock = rows(path.join(out, "tables/stock.csv"));
const flux = rows(path.join(out, "tables/flux.csv"));

/** Hectares to the tenth, as the page prints them. */
function printed(m2) {
  const ha = m2 / 10000;
  if (m2 !== 0 && Math.abs(ha) < 0.05) return `moins de ${m2 < 0 ? "−" : ""}0,1\u00a0ha`;
  const [whole, rest] = Math.abs(ha).toFixed(1).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, "\u202f")},${rest}\u00a0ha`;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const pages = fs.readdirSync(folder).filter((name) => name.endsWith(".html")).sort();
for (const name of pages) {
  const fault = (what) => faults.push(`${name}: ${what}`);
  const url = pathToFileURL(path.resolve(folder, name)).href;
  for (const [width, height] of [[390, 844], [1280, 800]]) {
    const page = await browser.newPage({ viewport: { width, height } });
    page.on("console", (message) => fault(`console: ${message.text()}`));
    page.on("pageerror", (error) => fault(`error: ${error}`));
    page.on("request", (request) => {
      if (request.url() !== url && !request.url().startsWith("data:")) fault(`request: ${request.url()}`);
    });
    await page.goto(url);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) fault(`${wide} pixels wider than a screen of ${width}`);
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
    for (const violation of found.violations) {
      fault(`axe ${violation.id}: ${violation.help} (${violation.nodes.length}: ${violation.nodes[0].html.slice(0, 120)})`);
    }
    if (width > 1000) {
      // Everything that can be used is reached, in the order of the page.
      const all = await page.evaluate(() => {
        const usable = [...document.querySelectorAll("a[href], button, summary, [tabindex='0']")].filter((e) => e.checkVisibility());
        usable.forEach((element, n) => (element.dataset.n = n));
        return usable.length;
      });
      let reached = 0;
      for (let n = 0; n < all; n++) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(() => Number(document.activeElement.dataset.n))) === n) reached++;
      }
      if (reached !== all) fault(`the keyboard reaches ${reached} of ${all}`);
      // Figures, beside the tables.
      const code = name.split("-")[0];
      const text = await page.evaluate(() => document.body.innerText);
      const values = await page.evaluate(() => [...document.querySelectorAll("data")].map((d) => [d.value, d.textContent]));
      const published = (row) => row.series === "published" && row.commune === code;
      for (const row of [...stock.filter(published).filter((r) => Number(r.covered_m2) > 0 && r.basis !== "changements seuls")]) {
        const own = values.find(([value]) => value === row.artificial_m2);
        if (!own || own[1] !== printed(Number(row.artificial_m2))) fault(`stock ${row.year}: ${row.artificial_m2} is not there as ${printed(Number(row.artificial_m2))}`);
      }
      // Of what a vintage does not cover no flux is told.
      const isBare = (year) => stock.some((r) => published(r) && r.year === year && Number(r.covered_m2) === 0);
      for (const row of flux.filter(published).filter((r) => !isBare(r.year_before) && !isBare(r.year_after))) {
        for (const column of ["artificialised_m2", "desartificialised_m2"]) {
          const own = values.find(([value]) => value === row[column]);
          if (!own || own[1] !== printed(Number(row[column]))) fault(`flux ${row.year_before}-${row.year_after}: ${column} ${row[column]}`);
        }
      }
      for (const word of ["undefined", "None", "NaN", "null"]) {
        if (new RegExp(`\\b${word}\\b`).test(text)) fault(`the word ${word}`);
      }
    }
    await page.close();
  }
}
await browser.close();
for (const fault of faults) console.error(fault);
console.log(`${pages.length} pages, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
