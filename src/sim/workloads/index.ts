import { SkepError, suggest } from "../../base/index.ts"
import { disk } from "./disk.ts"
import { shell } from "./shell.ts"
import { upkeep } from "./upkeep.ts"
import { web } from "./web.ts"
import type { Workload } from "./workload.ts"

/** All the others at once. */
const demo: Workload = {
  name: "demo",
  about: "all of the others at once",
  start(system) {
    for (const part of [shell, web, disk, upkeep]) part.start(system)
  },
}

/** A computer where only the kernel's own threads run. */
const idle: Workload = { name: "idle", about: "nothing", start() {} }

/** The workloads that come with skep. */
export const WORKLOADS: readonly Workload[] = [demo, shell, web, disk, upkeep, idle]

/** A workload by its name. @throws SkepError SIM_NO_WORKLOAD */
export function workload(name: string): Workload {
  const names = WORKLOADS.map(one => one.name)
  const found = WORKLOADS.find(one => one.name === name)
  if (found !== undefined) return found
  const meant = suggest(name, names)
  throw new SkepError({
    code: "SIM_NO_WORKLOAD",
    message: `there is no workload ${name}`,
    hint: `${meant === undefined ? "" : `did you mean ${meant}? `}There are ${names.join(", ")}`,
  })
}

export type { Workload }
