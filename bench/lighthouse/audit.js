// node audit.js PORT URL [COOKIE]: Lighthouse's verdict of a page, by the browser that listens on PORT, as one line of JSON.
// Lighthouse's own defaults: a phone on slow 4G, simulated (150 ms round trips, 1.6 Mbit/s, a processor four times slower).
import lighthouse from "lighthouse";

const [port, url, cookie] = process.argv.slice(2);
const extraHeaders = cookie ? { Cookie: cookie } : {};
const { lhr } = await lighthouse(url, { port: Number(port), output: "json", logLevel: "error", extraHeaders });
if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
const audits = Object.values(lhr.audits);
const value = (id) => lhr.audits[id].numericValue;
console.log(
  JSON.stringify({
    version: lhr.lighthouseVersion,
    scores: Object.fromEntries(Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)])),
    first_contentful_paint_ms: Math.round(value("first-contentful-paint")),
    largest_contentful_paint_ms: Math.round(value("largest-contentful-paint")),
    total_blocking_ms: Math.round(value("total-blocking-time")),
    layout_shift: value("cumulative-layout-shift"),
    bytes: value("total-byte-weight"),
    // Those that a score counts: informative ones have none.
    failed: audits.filter(({ score, scoreDisplayMode }) => scoreDisplayMode === "binary" && score === 0).map(({ id }) => id),
  }),
);
