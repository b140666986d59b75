// The five tools of /mcp with the TypeScript SDK: `node client.mjs ADDRESS`.
import assert from "node:assert";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "another", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(`${process.argv[2]}/mcp`)));
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(), ["compare", "find", "get", "what_changed", "what_treats"]);
const calls = [
  ["find", { query: "sciatica" }],
  ["get", { name: "rhizotomy", sections: ["relief_durations", "risks"] }],
  ["what_treats", { target: "facet joint", role: "treats" }],
  ["compare", { procedures: ["vertebroplasty", "balloon-kyphoplasty"] }],
  ["what_changed", {}],
];
for (const [name, given] of calls) {
  // This client checks each answer against the output schema of its tool.
  const answer = await client.callTool({ name, arguments: given });
  assert.ok(!answer.isError, JSON.stringify(answer.content));
  assert.match(answer.structuredContent.notice, /information, not advice/i);
  assert.ok(answer.structuredContent.release.version);
}
const wrong = await client.callTool({ name: "get", arguments: { name: "vertebroplsty" } });
assert.ok(wrong.isError);
assert.match(wrong.content[0].text, /vertebroplasty/);
await client.close();
console.log(`${calls.length} tools answered the TypeScript SDK`);
