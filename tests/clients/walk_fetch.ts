// With openapi-typescript and openapi-fetch: every list to its last page, every record, batch, compare, search, typed errors.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env["KB_URL"] ?? "" });

function check(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(what);
}

type Listed = { items: object[]; page: components["schemas"]["Page"] };
type Answer = { data?: Listed; error?: unknown };
type Asked = { limit: number; cursor?: string };

async function walk(name: string, ask: (query: Asked) => Promise<Answer>): Promise<string[]> {
  const slugs: string[] = [];
  let query: Asked = { limit: 100 };
  for (;;) {
    const { data, error } = await ask(query);
    check(data !== undefined, `${name}: ${JSON.stringify(error)}`);
    slugs.push(...data.items.map((item) => ("slug" in item ? String(item.slug) : "")));
    if (data.page.next === null) {
      check(slugs.length === data.page.total, `${name}: ${slugs.length} of ${data.page.total}`);
      return slugs;
    }
    query = { limit: 100, cursor: data.page.next };
  }
}

const lists = {
  procedures: (query: Asked) => client.GET("/v1/procedures", { params: { query } }),
  conditions: (query: Asked) => client.GET("/v1/conditions", { params: { query } }),
  generators: (query: Asked) => client.GET("/v1/pain-generators", { params: { query } }),
  risks: (query: Asked) => client.GET("/v1/risks", { params: { query } }),
  sources: (query: Asked) => client.GET("/v1/sources", { params: { query } }),
  guide: (query: Asked) => client.GET("/v1/guide", { params: { query } }),
  targets: (query: Asked) => client.GET("/v1/targets", { params: { query } }),
  reliefDurations: (query: Asked) => client.GET("/v1/relief-durations", { params: { query } }),
  responseRates: (query: Asked) => client.GET("/v1/response-rates", { params: { query } }),
  findings: (query: Asked) => client.GET("/v1/findings", { params: { query } }),
  releases: (query: Asked) => client.GET("/v1/releases", { params: { query } }),
};
const details = {
  procedures: (slug: string) => client.GET("/v1/procedures/{slug}", { params: { path: { slug } } }),
  conditions: (slug: string) => client.GET("/v1/conditions/{slug}", { params: { path: { slug } } }),
  generators: (slug: string) => client.GET("/v1/pain-generators/{slug}", { params: { path: { slug } } }),
  risks: (slug: string) => client.GET("/v1/risks/{slug}", { params: { path: { slug } } }),
  sources: (slug: string) => client.GET("/v1/sources/{slug}", { params: { path: { slug } } }),
  guide: (slug: string) => client.GET("/v1/guide/{slug}", { params: { path: { slug } } }),
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
    const { data } = await get(slug);
    check(data?.slug === slug, `${name} ${slug}`);
    records += 1;
  }
}
const [first = "", second = ""] = slugs["procedures"] ?? [];
const batch = await client.GET("/v1/procedures/batch", { params: { query: { slug: [first, second, "none-such"] } } });
check(batch.data?.items.length === 2 && batch.data.not_found[0] === "none-such", "batch");
const compared = await client.GET("/v1/compare", { params: { query: { procedure: [first, second] } } });
check(compared.data?.procedures[0]?.slug === first, "compare");
const found = await client.GET("/v1/search", { params: { query: { q: "sciatica" } } });
check((found.data?.items.length ?? 0) > 0, "search");

function problem(name: string, answer: { error?: components["schemas"]["Problem"] }, status: number, code: string): void {
  check(answer.error?.status === status && answer.error.code === code, `${name}: ${JSON.stringify(answer.error)}`);
}
problem("404", await details.procedures("epidurel"), 404, "not_found");
problem("422", await client.GET("/v1/compare", { params: { query: { procedure: [first] } } }), 422, "invalid_parameter");
problem("410", await client.GET("/v1/procedures", { params: { query: { release: "0.0.0-none" } } }), 410, "release_gone");
console.log(`openapi-fetch: ${rows} rows, ${records} records`);
