import type { Helper } from "../code.ts"
import { arenaKfuncs } from "./arena.ts"
import { coreKfuncs } from "./core.ts"
import { cpumaskKfuncs } from "./cpumask.ts"
import { dynptrKfuncs } from "./dynptr.ts"
import { taskKfuncs } from "./task.ts"

/** Kernel functions of the machine, by name. */
const KFUNCS: Readonly<Record<string, Helper>> = {
  ...coreKfuncs,
  ...dynptrKfuncs,
  ...arenaKfuncs,
  ...cpumaskKfuncs,
  ...taskKfuncs,
}

/** The kernel function with a name; undefined where the machine has none. */
export const kfuncByName = (name: string): Helper | undefined => KFUNCS[name]
