// JSON-LD that the vocabulary must reject. If the check did not work, these lines would compile, and `tsc` would report it.
import type {
  DiagnosticProcedure,
  MedicalCondition,
  MedicalProcedureLeaf,
  MedicalTherapy,
  MedicalTherapyLeaf,
  MergeLeafTypes,
  WithContext,
} from "schema-dts";

export const therapyHasNoIndication: WithContext<MedicalTherapy> = {
  "@context": "https://schema.org",
  "@type": "MedicalTherapy",
  // @ts-expect-error
  indication: { "@type": "MedicalIndication", name: "Sciatica" },
};
export const procedureAndTherapyHaveNoIndication: WithContext<MergeLeafTypes<[MedicalProcedureLeaf, MedicalTherapyLeaf]>> = {
  "@context": "https://schema.org",
  "@type": ["MedicalProcedure", "MedicalTherapy"],
  // @ts-expect-error
  indication: { "@type": "MedicalIndication", name: "Sciatica" },
};
export const bodyLocationIsNotAStructure: WithContext<MedicalTherapy> = {
  "@context": "https://schema.org",
  "@type": "MedicalTherapy",
  // @ts-expect-error
  bodyLocation: { "@type": "AnatomicalStructure", name: "Facet joint" },
};
export const adverseOutcomeIsNotText: WithContext<MedicalTherapy> = {
  "@context": "https://schema.org",
  "@type": "MedicalTherapy",
  // @ts-expect-error
  adverseOutcome: "Bleeding",
};
export const diagnosticProcedureHasNoAdverseOutcome: WithContext<DiagnosticProcedure> = {
  "@context": "https://schema.org",
  "@type": "DiagnosticProcedure",
  // @ts-expect-error
  adverseOutcome: { "@type": "MedicalEntity", name: "Bleeding" },
};
export const treatmentIsNotADiagnosticProcedure: WithContext<MedicalCondition> = {
  "@context": "https://schema.org",
  "@type": "MedicalCondition",
  // @ts-expect-error
  possibleTreatment: { "@type": "DiagnosticProcedure", name: "Medial branch block" },
};
