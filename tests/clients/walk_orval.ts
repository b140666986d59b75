// With orval's fetch client: every list to its last page, every record, batch, compare, search, typed errors.
import * as kb from "./client.js";

function check(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(what);
}

type Asked = { limit: number; cursor?: string };
type Listed = { items: object[]; page: kb.Page };
type Answer = { status: number; data: unknown };

async function walk(name: string, ask: (query: Asked) => Promise<Answer>): Promise<string[]> {
  const slugs: string[] = [];
  let query: Asked = { limit: 100 };
  for (;;) {
    const answer = await ask(query);
    check(answer.status === 200, `${name}: ${JSON.stringify(answer.data)}`);
    const data = answer.data as Listed;
    slugs.push(...data.items.map((item) => ("slug" in item ? String(item.slug) : "")));
    if (data.page.next === null) {
      check(slugs.length === data.page.total, `${name}: ${slugs.length} of ${data.page.total}`);
      return slugs;
    }
    query = { limit: 100, cursor: data.page.next };
  }
}

const lists = {
  procedures: (query: Asked) => kb.listProcedures(query),
  conditions: (query: Asked) => kb.listConditions(query),
  generators: (query: Asked) => kb.listPainGenerators(query),
  risks: (query: Asked) => kb.listRisks(query),
  sources: (query: Asked) => kb.listSources(query),
  guide: (query: Asked) => kb.listGuidePages(query),
  targets: (query: Asked) => kb.listTargets(query),
  reliefDurations: (query: Asked) => kb.listReliefDurations(query),
  responseRates: (query: Asked) => kb.listResponseRates(query),
  findings: (query: Asked) => kb.listFindings(query),
  releases: (query: Asked) => kb.listReleases(query),
};
const details = {
  procedures: (slug: string) => kb.getProcedure(slug),
  conditions: (slug: string) => kb.getCondition(slug),
  generators: (slug: string) => kb.getPainGenerator(slug),
  risks: (slug: string) => kb.getRisk(slug),
  sources: (slug: string) => kb.getSource(slug),
  guide: (slug: string) => kb.getGuidePage(slug),
};

const slugs: Record<string, string[]> = {};
let rows = 0;
let records = 0;
for (const [name, ask] of Object.entries(lists)) {
  slugs[name] = await walk(name, ask);
  rows += slugs[name].length;
}
for (const [name, get] of Object.entries(details)) {
  for (const slug of slugs[name] ?? []) {
    const answer = await get(slug);
    check(answer.status === 200 && answer.data.slug === slug, `${name} ${slug}`);
    records += 1;
  }
}
const [first = "", second = ""] = slugs["procedures"] ?? [];
const batch = await kb.getProceduresBatch({ slug: [first, second, "none-such"] });
check(batch.status === 200 && batch.data.items.length === 2 && batch.data.not_found[0] === "none-such", "batch");
const compared = await kb.compareProcedures({ procedure: [first, second] });
check(compared.status === 200 && compared.data.procedures[0]?.slug === first, "compare");
const found = await kb.searchEverything({ q: "sciatica" });
check(found.status === 200 && found.data.items.length > 0, "search");

const missing = await kb.getProcedure("epidurel");
check(missing.status === 404 && missing.data.code === "not_found", "404");
const refused = await kb.compareProcedures({ procedure: [first] });
check(refused.status === 422 && refused.data.errors[0]?.parameter === "procedure", "422");
const gone = await kb.listProcedures({ release: "0.0.0-none" });
check(gone.status === 410 && gone.data.code === "release_gone", "410");
console.log(`orval: ${rows} rows, ${records} records`);
