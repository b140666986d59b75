// Build of the package: the elements as a module, their types, the manifest, and the types of the API. The source of the elements is the
// embed script; the attributes and events are in elements.json.
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import openapiTS, { astToString } from "openapi-typescript";

const here = new URL("./", import.meta.url);
const root = new URL("../../", here);
const dist = new URL("dist/", here);
const { elements, attributes: sharedAttributes, slots, events } = JSON.parse(await readFile(new URL("elements.json", here), "utf8"));

// Exactly one place of the script changes: where the URL of the knowledge base comes from.
function replaceOnce(text, pattern, replacement) {
  if (text.split(pattern).length !== 2) throw new Error(`the embed script does not have ${pattern} once`);
  return text.replace(pattern, () => replacement);
}

async function buildModule() {
  const script = await readFile(new URL("app/web/static/kb.js", root), "utf8");
  const observed = JSON.parse(script.match(/observedAttributes = (\[.*?\])/)[1]);
  const described = new Set([sharedAttributes, ...Object.values(elements).map((element) => element.attributes)].flatMap(Object.keys));
  for (const name of observed) if (!described.has(name)) throw new Error(`elements.json does not describe the attribute ${name}`);
  for (const name of Object.keys(elements)) if (!script.includes(`"${name}":`)) throw new Error(`the embed script has no element ${name}`);
  const baseLine = script.match(/^ {2}const BASE_URL = .*$/m)[0];
  const body = replaceOnce(replaceOnce(script, baseLine, '  const BASE_URL = base.replace(/\\/+$/, "");'), '"use strict";\n', "");
  const source = `// procedure-kb-web ${JSON.parse(await readFile(new URL("package.json", here), "utf8")).version}, MIT
export function defineElements({ base = "" } = {}) {
  // On a server there is nothing to define.
  if (typeof window === "undefined" || typeof customElements === "undefined") return;
  ${body}
}`;
  // The style sheet is a template without substitutions: its line breaks mean nothing.
  const short = source.replace(/const SHEET = `(.*?)`/s, (_, sheet) => `const SHEET = \`${sheet.replace(/\s+/g, " ").replace(/ ?([{};]) ?/g, "$1")}\``);
  const { code } = await transform(short, { minify: true, format: "esm", target: "es2022", legalComments: "inline" });
  await writeFile(new URL("index.js", dist), code);
}

const className = (name) => name.split("-").map((word) => word[0].toUpperCase() + word.slice(1)).join("");
const listAttributes = (element) => Object.entries({ ...element.attributes, ...sharedAttributes });
const renderAttributes = (attributes) => attributes.map(([name, [type, about]]) => `  /** ${about} */\n  "${name}"?: ${type};`).join("\n");

function buildTypes() {
  const interfaces = Object.entries(elements).map(([name, element]) => `/** Attributes of \`<${name}>\`. */
export interface ${className(name)}Attributes {\n${renderAttributes(listAttributes(element))}\n}`);
  const names = Object.keys(elements);
  return {
    "index.d.ts": `/** Why an element does not show its content. */
export interface KbFailure {
  reason: "timeout" | "network" | "status" | "content" | "attribute";
  message: string;
}
${interfaces.join("\n")}
/** An element of this package. */
export interface KbElement extends HTMLElement {
  addEventListener<Name extends keyof KbEventMap>(type: Name, listener: (event: KbEventMap[Name]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}
export interface KbEventMap {
${Object.entries(events).map(([name, [type, about]]) => `  /** ${about} */\n  "${name}": ${type};`).join("\n")}
}
/**
 * Define the elements, once per page. Without a window, as on a server, it does nothing.
 *
 * \`base\` is the URL of the knowledge base; an element may have another in its own attribute.
 */
export function defineElements(options?: { base?: string }): void;
declare global {
  interface HTMLElementTagNameMap {
${names.map((name) => `    "${name}": KbElement;`).join("\n")}
  }
}
`,
    "react.d.ts": `import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { KbElement, ${names.map((name) => `${className(name)}Attributes`).join(", ")} } from "./index.js";

type Props<Attributes> = DetailedHTMLProps<HTMLAttributes<KbElement>, KbElement> & Attributes;
declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
${names.map((name) => `      "${name}": Props<${className(name)}Attributes>;`).join("\n")}
    }
  }
}
`,
    "vue.d.ts": `import type { DefineComponent, HTMLAttributes } from "vue";
import type { ${names.map((name) => `${className(name)}Attributes`).join(", ")} } from "./index.js";

declare module "vue" {
  interface GlobalComponents {
${names.map((name) => `    "${name}": DefineComponent<${className(name)}Attributes & HTMLAttributes>;`).join("\n")}
  }
}
`,
  };
}

function buildManifest() {
  const path = "dist/index.js";
  const declarations = Object.entries(elements).map(([name, element]) => ({
    kind: "class",
    customElement: true,
    tagName: name,
    name: className(name),
    description: element.description,
    attributes: listAttributes(element).map(([attribute, [type, description]]) => ({ name: attribute, type: { text: type }, description })),
    slots: Object.entries(slots).filter(([slot]) => name !== "kb-search" || !slot || slot === "contact").map(([slot, description]) => ({ name: slot, description })),
    events: Object.entries(events).map(([event, [type, description]]) => ({ name: event, type: { text: type }, description })),
  }));
  const exports = Object.keys(elements).map((name) => ({ kind: "custom-element-definition", name, declaration: { name: className(name), module: path } }));
  return { schemaVersion: "1.0.0", readme: "README.md", modules: [{ kind: "javascript-module", path, declarations, exports }] };
}

async function buildApiTypes() {
  const directory = new URL("docs/openapi/", root);
  const newest = (await readdir(directory)).filter((name) => name.endsWith(".json")).sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  const document = JSON.parse(await readFile(new URL(newest, directory), "utf8"));
  return astToString(await openapiTS(document));
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await buildModule();
for (const [name, text] of Object.entries(buildTypes())) await writeFile(new URL(name, dist), text);
await writeFile(new URL("custom-elements.json", dist), `${JSON.stringify(buildManifest(), null, 2)}\n`);
await writeFile(new URL("api.d.ts", dist), await buildApiTypes());
await copyFile(new URL("LICENSE", root), new URL("LICENSE", here));
console.error(`built ${fileURLToPath(dist)}`);
