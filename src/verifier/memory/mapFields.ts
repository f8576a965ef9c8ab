import { type SpecialField, specialFields } from "../fields/index.ts"
import type { VerifierMap } from "../input.ts"

/** The special fields of a map's value, by rising offset. */
export const mapFields = (map: VerifierMap): readonly SpecialField[] => specialFields(map.btf, map.valueType ?? 0)
