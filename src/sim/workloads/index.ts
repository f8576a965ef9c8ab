import { SkepError, suggest } from "../../base/index.ts"
import { apps } from "./apps.ts"
import { containers } from "./containers.ts"
import { disk } from "./disk.ts"
import { login } from "./login.ts"
import { names } from "./names.ts"
import { shell } from "./shell.ts"
import { storage } from "./storage.ts"
import { upkeep } from "./upkeep.ts"
import { web } from "./web.ts"
import type { Workload } from "./workload.ts"

/** What the demo is made of. */
const PARTS: readonly Workload[] = [shell, web, disk, upkeep, names, storage, login, apps, containers]

/** All the others at once. */
const demo: Workload = {
  name: "demo",
  about: "all of the others at once",
  start(system) {
    for (const part of PARTS) part.start(system)
  },
}

/** A computer where only the kernel's own threads run. */
const idle: Workload = { name: "idle", about: "nothing but the kernel's own threads", start() {} }

/** The workloads that come with skep. */
export const WORKLOADS: readonly Workload[] = [demo, ...PARTS, idle]

/** A workload by its name. @throws SkepError SIM_NO_WORKLOAD */
export function workload(name: string): Workload {
  const names = WORKLOADS.map(one => one.name)
  const found = WORKLOADS.find(one => one.name === name)
  if (found !== undefined) return found
  const meant = suggest(name, names)
  const list = WORKLOADS.map(one => `  ${one.name.padEnd(11)} ${one.about}`).join("\n")
  throw new SkepError({
    code: "SIM_NO_WORKLOAD",
    message: `there is no workload ${name}`,
    hint: `${meant === undefined ? "" : `did you mean ${meant}? `}There are\n${list}`,
  })
}

export type { Workload }
