// Walk the API with orval's fetch client: every list to its last page, every record, batch, compare, search, errors.
import * as kb from "./client.js";

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

type PageQuery = { limit: number; cursor?: string };
type ListPage = { items: object[]; page: kb.Pagination };
type ApiResponse = { status: number; data: unknown };

async function listSlugs(name: string, fetchPage: (query: PageQuery) => Promise<ApiResponse>): Promise<string[]> {
  const slugs: string[] = [];
  let query: PageQuery = { limit: 100 };
  for (;;) {
    const response = await fetchPage(query);
    check(response.status === 200, `${name}: ${JSON.stringify(response.data)}`);
    const data = response.data as ListPage;
    slugs.push(...data.items.map((item) => ("slug" in item ? String(item.slug) : "")));
    if (data.page.next === null) {
      check(slugs.length === data.page.total, `${name}: ${slugs.length} of ${data.page.total}`);
      return slugs;
    }
    query = { limit: 100, cursor: data.page.next };
  }
}

const lists = {
  procedures: (query: PageQuery) => kb.listProcedures(query),
  conditions: (query: PageQuery) => kb.listConditions(query),
  generators: (query: PageQuery) => kb.listPainGenerators(query),
  risks: (query: PageQuery) => kb.listRisks(query),
  sources: (query: PageQuery) => kb.listSources(query),
  emergencies: (query: PageQuery) => kb.listEmergencies(query),
  guide: (query: PageQuery) => kb.listGuidePages(query),
  targets: (query: PageQuery) => kb.listTargets(query),
  reliefDurations: (query: PageQuery) => kb.listReliefDurations(query),
  responseRates: (query: PageQuery) => kb.listResponseRates(query),
  findings: (query: PageQuery) => kb.listFindings(query),
  releases: (query: PageQuery) => kb.listReleases(query),
};
const details = {
  procedures: (slug: string) => kb.getProcedure(slug),
  conditions: (slug: string) => kb.getCondition(slug),
  generators: (slug: string) => kb.getPainGenerator(slug),
  risks: (slug: string) => kb.getRisk(slug),
  sources: (slug: string) => kb.getSource(slug),
  emergencies: (slug: string) => kb.getEmergency(slug),
  guide: (slug: string) => kb.getGuidePage(slug),
};

const slugs: Record<string, string[]> = {};
let rows = 0;
let records = 0;
for (const [name, fetchPage] of Object.entries(lists)) {
  slugs[name] = await listSlugs(name, fetchPage);
  rows += slugs[name].length;
}
for (const [name, get] of Object.entries(details)) {
  for (const slug of slugs[name] ?? []) {
    const response = await get(slug);
    check(response.status === 200 && response.data.slug === slug, `${name} ${slug}`);
    records += 1;
  }
}
const [first = "", second = ""] = slugs["procedures"] ?? [];
const batch = await kb.getProceduresBatch({ slug: [first, second, "none-such"] });
check(batch.status === 200 && batch.data.items.length === 2 && batch.data.not_found[0] === "none-such", "batch");
const comparison = await kb.compareProcedures({ procedure: [first, second] });
check(comparison.status === 200 && comparison.data.procedures[0]?.slug === first, "compare");
const results = await kb.searchEverything({ q: "sciatica" });
check(results.status === 200 && results.data.items.length > 0, "search");

const missing = await kb.getProcedure("epidurel");
check(missing.status === 404 && missing.data.code === "not_found", "404");
const invalid = await kb.compareProcedures({ procedure: [first] });
check(invalid.status === 422 && invalid.data.errors[0]?.parameter === "procedure", "422");
const mismatch = await kb.listProcedures({ release: "0.0.0-none" });
check(mismatch.status === 410 && mismatch.data.code === "release_gone", "410");
console.log(`orval: ${rows} rows, ${records} records`);
