// The tools of /mcp with the TypeScript SDK: `node client.mjs URL`.
import assert from "node:assert";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "another", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(`${process.argv[2]}/mcp`)));
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(), [
  "compare", "disagreements", "find", "find_claims", "get", "lookup_code", "options", "what_changed", "what_treats",
]);
const calls = [
  ["find", { query: "sciatica" }],
  ["get", { name: "rhizotomy", sections: ["relief_durations", "risks"] }],
  ["what_treats", { record: "facet joint", role: "treats" }],
  ["compare", { procedures: ["vertebroplasty", "balloon-kyphoplasty"] }],
  ["get", { name: "epidural-steroid-injection" }],
  ["find_claims", { query: "contraindications in pregnancy" }],
  ["options", { condition: "sciatica" }],
  ["disagreements", {}],
  ["lookup_code", { code: ["icd-10-cm|M54.16"] }],
  ["what_changed", {}],
];
for (const [name, args] of calls) {
  // The client validates each result against the output schema of the tool.
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, JSON.stringify(result.content));
  assert.match(result.structuredContent.notice, /information, not advice/i);
  assert.ok(result.structuredContent.release.version);
}
const failed = await client.callTool({ name: "get", arguments: { name: "vertebroplsty" } });
assert.ok(failed.isError);
assert.match(failed.content[0].text, /vertebroplasty/);
await client.close();
console.log(`${calls.length} tools called with the TypeScript SDK`);
