import type { GlobalComponents } from "vue";
import type {} from "procedure-kb-web/vue";

// The elements are known to templates, with their attributes.
type Variant = InstanceType<GlobalComponents["kb-procedure"]>["$props"]["variant"];
export const variant: Variant = "card";
// @ts-expect-error no such variant
export const wrongVariant: Variant = "tiny";
