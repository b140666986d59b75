// Walk the API with openapi-typescript and openapi-fetch: every list to its last page, every record, batch, compare, search, errors.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env["KB_URL"] ?? "" });

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

type ListPage = { items: object[]; page: components["schemas"]["Pagination"] };
type ApiResponse = { data?: ListPage; error?: unknown };
type PageQuery = { limit: number; cursor?: string };

async function listSlugs(name: string, fetchPage: (query: PageQuery) => Promise<ApiResponse>): Promise<string[]> {
  const slugs: string[] = [];
  let query: PageQuery = { limit: 100 };
  for (;;) {
    const { data, error } = await fetchPage(query);
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
  procedures: (query: PageQuery) => client.GET("/v1/procedures", { params: { query } }),
  conditions: (query: PageQuery) => client.GET("/v1/conditions", { params: { query } }),
  generators: (query: PageQuery) => client.GET("/v1/pain-generators", { params: { query } }),
  risks: (query: PageQuery) => client.GET("/v1/risks", { params: { query } }),
  sources: (query: PageQuery) => client.GET("/v1/sources", { params: { query } }),
  emergencies: (query: PageQuery) => client.GET("/v1/emergencies", { params: { query } }),
  guide: (query: PageQuery) => client.GET("/v1/guide", { params: { query } }),
  targets: (query: PageQuery) => client.GET("/v1/targets", { params: { query } }),
  reliefDurations: (query: PageQuery) => client.GET("/v1/relief-durations", { params: { query } }),
  responseRates: (query: PageQuery) => client.GET("/v1/response-rates", { params: { query } }),
  findings: (query: PageQuery) => client.GET("/v1/findings", { params: { query } }),
  releases: (query: PageQuery) => client.GET("/v1/releases", { params: { query } }),
};
const details = {
  procedures: (slug: string) => client.GET("/v1/procedures/{slug}", { params: { path: { slug } } }),
  conditions: (slug: string) => client.GET("/v1/conditions/{slug}", { params: { path: { slug } } }),
  generators: (slug: string) => client.GET("/v1/pain-generators/{slug}", { params: { path: { slug } } }),
  risks: (slug: string) => client.GET("/v1/risks/{slug}", { params: { path: { slug } } }),
  sources: (slug: string) => client.GET("/v1/sources/{slug}", { params: { path: { slug } } }),
  emergencies: (slug: string) => client.GET("/v1/emergencies/{slug}", { params: { path: { slug } } }),
  guide: (slug: string) => client.GET("/v1/guide/{slug}", { params: { path: { slug } } }),
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
    const { data } = await get(slug);
    check(data?.slug === slug, `${name} ${slug}`);
    records += 1;
  }
}
const [first = "", second = ""] = slugs["procedures"] ?? [];
const batch = await client.GET("/v1/procedures/batch", { params: { query: { slug: [first, second, "none-such"] } } });
check(batch.data?.items.length === 2 && batch.data.not_found[0] === "none-such", "batch");
const comparison = await client.GET("/v1/compare", { params: { query: { procedure: [first, second] } } });
check(comparison.data?.procedures[0]?.slug === first, "compare");
// A value of a response is a value of the parameter.
const { data: detail } = await details.procedures(first);
check(detail !== undefined, "detail");
const family = await client.GET("/v1/procedures", { params: { query: { family: [detail.family], body_region: detail.body_regions } } });
check((family.data?.items.length ?? 0) > 0, "family");
const results = await client.GET("/v1/search", { params: { query: { q: "sciatica" } } });
check((results.data?.items.length ?? 0) > 0, "search");

function checkProblem(name: string, response: { error?: components["schemas"]["Problem"] }, status: number, code: string): void {
  check(response.error?.status === status && response.error.code === code, `${name}: ${JSON.stringify(response.error)}`);
}
checkProblem("404", await details.procedures("epidurel"), 404, "not_found");
checkProblem("422", await client.GET("/v1/compare", { params: { query: { procedure: [first] } } }), 422, "invalid_parameter");
checkProblem("410", await client.GET("/v1/procedures", { params: { query: { release: "0.0.0-none" } } }), 410, "release_gone");
console.log(`openapi-fetch: ${rows} rows, ${records} records`);
