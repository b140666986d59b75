// Searches of docs/fhir.md with a third-party client: `node client.mjs URL`.
import assert from "node:assert";
import { Client } from "fhir-kit-client";

const client = new Client({ baseUrl: `${process.argv[2]}/fhir` });
const statement = await client.capabilityStatement();
assert.equal(statement.fhirVersion, "5.0.0");
const procedure = await client.read({ resourceType: "ActivityDefinition", id: "vertebroplasty" });
assert.equal(procedure.title, "Percutaneous vertebroplasty");
let page = await client.search({
  resourceType: "ClinicalUseDefinition",
  searchParams: { type: "undesirable-effect", subject: "ActivityDefinition/vertebroplasty", _count: 5 },
});
const total = page.total;
let seen = 0;
while (page) {
  seen += page.entry.filter((entry) => entry.search.mode === "match").length;
  page = page.link.some((link) => link.relation === "next") ? await client.nextPage({ bundle: page }) : undefined;
}
assert.equal(seen, total);
await assert.rejects(client.search({ resourceType: "ActivityDefinition", searchParams: { nam: "x" } }), (error) => {
  assert.equal(error.response.data.resourceType, "OperationOutcome");
  return true;
});
const byPost = await client.search({
  resourceType: "ClinicalUseDefinition",
  searchParams: { type: "undesirable-effect", subject: "ActivityDefinition/vertebroplasty" },
  options: { postSearch: true },
});
assert.equal(byPost.total, total);
const system = "http://hl7.org/fhir/sid/icd-10-cm";
const [condition] = (await client.search({ resourceType: "ConditionDefinition", searchParams: { code: `${system}|M54.16` } })).entry;
assert.equal(condition.resource.id, "lumbar-radiculopathy");

// R4, as systems of clinics speak it.
const r4 = new Client({ baseUrl: `${process.argv[2]}/fhir/r4`, customHeaders: { Accept: "application/fhir+json; fhirVersion=4.0" } });
assert.equal((await r4.capabilityStatement()).fhirVersion, "4.0.1");
const coding = { name: "coding", valueCoding: { system, code: "M54.16" } };
for (const request of [
  { method: "GET", input: { system, code: "M54.16" } },
  { method: "POST", input: { resourceType: "Parameters", parameter: [coding] } },
]) {
  const translation = await r4.operation({ name: "$translate", resourceType: "ConceptMap", ...request });
  const match = translation.parameter.find((parameter) => parameter.name === "match");
  assert.equal(match.part.find((part) => part.name === "concept").valueCoding.code, "lumbar-radiculopathy");
}
let systems = await r4.search({ resourceType: "CodeSystem", searchParams: { _count: 10, _summary: "true" } });
let codeSystems = 0;
while (systems) {
  codeSystems += systems.entry.length;
  systems = systems.link.some((link) => link.relation === "next") ? await r4.nextPage({ bundle: systems }) : undefined;
}
assert.ok(codeSystems > 20);
console.log(`fhir-kit-client read ${seen} undesirable effects, page by page`);
