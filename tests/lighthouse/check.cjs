// Print the figures of a Lighthouse report, and fail below the bar.
const report = JSON.parse(require("node:fs").readFileSync(process.argv[2], "utf8"));
const scores = Object.values(report.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
const bytes = report.audits["total-byte-weight"].numericValue, shift = report.audits["cumulative-layout-shift"].numericValue;
console.log(report.finalDisplayedUrl, scores.map((pair) => pair.join(" ")).join(", "), `${bytes} bytes, shift ${shift}`);
if (scores.some(([, score]) => !(score >= 95)) || !(bytes <= 60_000) || !(shift < 0.1)) process.exit(1);
