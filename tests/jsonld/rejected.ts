// What the vocabulary must refuse: were the check blind, these lines would compile, and `tsc` would say so.
import type {
  DiagnosticProcedure,
  MedicalCondition,
  MedicalProcedureLeaf,
  MedicalTherapy,
  MedicalTherapyLeaf,
  MergeLeafTypes,
  WithContext,
} from "schema-dts";

export const indicationLeftTheVocabulary: WithContext<MedicalTherapy> = {
  "@context": "https://schema.org",
  "@type": "MedicalTherapy",
  // @ts-expect-error
  indication: { "@type": "MedicalIndication", name: "Sciatica" },
};
export const indicationIsOfNeitherOfTwoTypes: WithContext<MergeLeafTypes<[MedicalProcedureLeaf, MedicalTherapyLeaf]>> = {
  "@context": "https://schema.org",
  "@type": ["MedicalProcedure", "MedicalTherapy"],
  // @ts-expect-error
  indication: { "@type": "MedicalIndication", name: "Sciatica" },
};
export const aStructureIsNoBodyLocation: WithContext<MedicalTherapy> = {
  "@context": "https://schema.org",
  "@type": "MedicalTherapy",
  // @ts-expect-error
  bodyLocation: { "@type": "AnatomicalStructure", name: "Facet joint" },
};
export const aWordIsNoAdverseOutcome: WithContext<MedicalTherapy> = {
  "@context": "https://schema.org",
  "@type": "MedicalTherapy",
  // @ts-expect-error
  adverseOutcome: "Bleeding",
};
export const aTestHasNoAdverseOutcome: WithContext<DiagnosticProcedure> = {
  "@context": "https://schema.org",
  "@type": "DiagnosticProcedure",
  // @ts-expect-error
  adverseOutcome: { "@type": "MedicalEntity", name: "Bleeding" },
};
export const aTestTreatsNothing: WithContext<MedicalCondition> = {
  "@context": "https://schema.org",
  "@type": "MedicalCondition",
  // @ts-expect-error
  possibleTreatment: { "@type": "DiagnosticProcedure", name: "Medial branch block" },
};
