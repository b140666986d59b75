import type {} from "procedure-kb-web/react";

// What the types refuse: tsc fails if one of these lines is no longer an error.
export const wrong = (
  <>
    {/* @ts-expect-error no such variant */}
    <kb-procedure slug="medial-branch-block" variant="tiny" />
    {/* @ts-expect-error a chart has several procedures */}
    <kb-relief-chart slug="medial-branch-block" />
  </>
);
