// List, get and miss procedures with the client of swagger-typescript-api.
import { Api, type HttpResponse, type Problem, type ProcedureSummary } from "./client/Api.js";

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

const { v1 } = new Api({ baseUrl: process.env["KB_URL"] ?? "" });
const procedures: ProcedureSummary[] = [];
let cursor: string | undefined;
do {
  const { data } = await v1.listProcedures({ limit: 20, cursor });
  procedures.push(...data.items);
  cursor = data.page.next ?? undefined;
  check(cursor !== undefined || procedures.length === data.page.total, "total");
} while (cursor);
const [first] = procedures;
check(first !== undefined, "empty");
check((await v1.getProcedure(first.slug)).data.slug === first.slug, "get");
// A value of a response is a value of the parameter.
const family = await v1.listProcedures({ family: [first.family], limit: 100 });
check(family.data.items.some((procedure) => procedure.slug === first.slug), "family");
const missing = await v1.getProcedure("epidurel").then(
  () => undefined,
  (response: HttpResponse<never, Problem>) => response,
);
check(missing?.status === 404 && missing.error.code === "not_found", "404");
console.log(`swagger-typescript-api: ${procedures.length} procedures`);
