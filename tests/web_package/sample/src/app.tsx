import { useEffect, useRef, useState } from "react";
import type { KbElement } from "procedure-kb-web";
import type {} from "procedure-kb-web/react";
import type { components } from "procedure-kb-web/api";

type Procedure = components["schemas"]["ProcedureDetail"];
const SLUG = "lumbar-medial-branch-radiofrequency-ablation";

// Text that only the types of the API allow.
const describe = (procedure: Procedure): string => `${procedure.name} (${procedure.slug})`;

export function App({ base }: { base: string }) {
  const element = useRef<KbElement>(null);
  const [state, setState] = useState("waiting");
  const [procedure, setProcedure] = useState<Procedure | null>(null);
  const [variant, setVariant] = useState<"card" | "full">("card");
  useEffect(() => {
    element.current?.addEventListener("kb-shown", () => setState("shown"));
    element.current?.addEventListener("kb-failed", (event) => setState(event.detail.reason));
    fetch(`${base}/v1/procedures/${SLUG}`).then((response) => response.json()).then(setProcedure);
  }, [base]);
  return (
    <main>
      <h1>{procedure ? describe(procedure) : "Our treatments"}</h1>
      <p id="state">{state}</p>
      <button onClick={() => setVariant("full")}>More</button>
      <kb-procedure ref={element} slug={SLUG} variant={variant} phone="+1 555 0100" heading-level={2}>
        <a href={`${base}/procedures/${SLUG}`}>Radiofrequency ablation</a>
        <p slot="contact">Monday to Friday, 8 to 17.</p>
      </kb-procedure>
      <kb-options condition="lumbar-radiculopathy" />
      <kb-relief-chart procedures={SLUG} variant="full" />
      <kb-search />
    </main>
  );
}
