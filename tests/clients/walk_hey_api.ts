// List, get and miss procedures with the client of hey-api.
import { getProcedure, listProcedures, type ProcedureSummary } from "./client";
import { client } from "./client/client.gen";

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

client.setConfig({ baseUrl: process.env["KB_URL"] ?? "" });
const procedures: ProcedureSummary[] = [];
let cursor: string | undefined;
do {
  const { data } = await listProcedures({ query: { limit: 20, cursor } });
  check(data !== undefined, "list");
  procedures.push(...data.items);
  cursor = data.page.next ?? undefined;
  check(cursor !== undefined || procedures.length === data.page.total, "total");
} while (cursor);
const [first] = procedures;
check(first !== undefined, "empty");
const detail = await getProcedure({ path: { slug: first.slug } });
check(detail.data?.slug === first.slug, "get");
// A value of a response is a value of the parameter.
const family = await listProcedures({ query: { family: [first.family], limit: 100 } });
check(family.data?.items.some((procedure) => procedure.slug === first.slug) === true, "family");
const missing = await getProcedure({ path: { slug: "epidurel" } });
check(missing.response?.status === 404 && missing.error?.code === "not_found", "404");
console.log(`hey-api: ${procedures.length} procedures`);
