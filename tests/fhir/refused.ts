// The compiler must reject these, or checking the served resources proves nothing.
import type { ClinicalUseDefinition, Evidence } from "fhir/r5";

export const unknownMember: ClinicalUseDefinition = {
  resourceType: "ClinicalUseDefinition",
  type: "indication",
  // @ts-expect-error: R5 has no such element.
  relief: "3 months",
};
// @ts-expect-error: an Evidence requires a status.
export const noStatus: Evidence = { resourceType: "Evidence", variableDefinition: [] };
