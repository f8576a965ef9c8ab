import type { Helper } from "../code.ts"
import { arenaKfuncs } from "./arena.ts"
import { bitsKfuncs } from "./bits.ts"
import { coreKfuncs } from "./core.ts"
import { cpumaskKfuncs } from "./cpumask.ts"
import { dynptrKfuncs } from "./dynptr.ts"
import { stringKfuncs } from "./string.ts"
import { taskKfuncs } from "./task.ts"

/** Kernel functions of the machine, by name. */
const KFUNCS: Readonly<Record<string, Helper>> = {
  ...coreKfuncs,
  ...dynptrKfuncs,
  ...arenaKfuncs,
  ...cpumaskKfuncs,
  ...taskKfuncs,
  ...bitsKfuncs,
  ...stringKfuncs,
}

/** The kernel function with a name; undefined where the machine has none. */
export const kfuncByName = (name: string): Helper | undefined => KFUNCS[name]
