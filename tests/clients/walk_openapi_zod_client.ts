// List, get and miss procedures with the client of openapi-zod-client, which checks every response against the document.
import { isErrorFromPath } from "@zodios/core";
import { createApiClient } from "./client.js";

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

const client = createApiClient(process.env["KB_URL"] ?? "", { axiosConfig: { paramsSerializer: { indexes: null } } });
const slugs: string[] = [];
const families: string[] = [];
let cursor: string | undefined;
do {
  const page = await client.get("/v1/procedures", { queries: { limit: 20, cursor } });
  slugs.push(...page.items.map((procedure) => procedure.slug));
  families.push(...page.items.map((procedure) => procedure.family));
  cursor = page.page.next ?? undefined;
  check(cursor !== undefined || slugs.length === page.page.total, "total");
} while (cursor);
for (const slug of slugs) {
  const procedure = await client.get("/v1/procedures/:slug", { params: { slug } });
  check(procedure.slug === slug, slug);
}
// A value of a response is a value of the parameter.
const family = await client.get("/v1/procedures", { queries: { family: families.slice(0, 1), limit: 100 } });
check(family.items.some((procedure) => procedure.slug === slugs[0]), "family");
try {
  await client.get("/v1/procedures/:slug", { params: { slug: "epidurel" } });
  check(false, "found");
} catch (error) {
  if (!isErrorFromPath(client.api, "get", "/v1/procedures/:slug", error) || error.response.status !== 404) throw error;
  check(error.response.data.code === "not_found", "404");
}
console.log(`openapi-zod-client: ${slugs.length} procedures`);
