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
console.log(`fhir-kit-client read ${seen} undesirable effects, page by page`);
