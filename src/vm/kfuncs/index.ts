import type { Helper } from "../code.ts"
import { coreKfuncs } from "./core.ts"
import { dynptrKfuncs } from "./dynptr.ts"

/** Kernel functions of the machine, by name. */
const KFUNCS: Readonly<Record<string, Helper>> = { ...coreKfuncs, ...dynptrKfuncs }

/** The kernel function with a name; undefined where the machine has none. */
export const kfuncByName = (name: string): Helper | undefined => KFUNCS[name]
