import { helperName } from "../../isa/index.ts"
import type { Helper } from "../code.ts"
import { controlHelpers } from "./control.ts"
import { dynptrHelpers } from "./dynptr.ts"
import { eventHelpers } from "./event.ts"
import { hookHelpers } from "./hook.ts"
import { mapHelpers } from "./map.ts"
import { packetHelpers } from "./packet/index.ts"
import { printHelpers } from "./print.ts"
import { probeHelpers } from "./probe.ts"
import { stackHelpers } from "./stack.ts"
import { storageHelpers } from "./storage.ts"
import { stringHelpers } from "./string.ts"
import { taskHelpers } from "./task.ts"
import { timeHelpers } from "./time.ts"
import { timerHelpers } from "./timer.ts"
import { traceHelpers } from "./trace.ts"

/** All helpers of the machine but those on packets, by name. A topic is a file. */
const HELPERS: Readonly<Record<string, Helper>> = {
  ...mapHelpers,
  ...timeHelpers,
  ...taskHelpers,
  ...probeHelpers,
  ...printHelpers,
  ...stringHelpers,
  ...eventHelpers,
  ...stackHelpers,
  ...controlHelpers,
  ...storageHelpers,
  ...dynptrHelpers,
  ...timerHelpers,
  ...hookHelpers,
  ...traceHelpers,
}

/** The helper with a number; undefined where the machine has none. */
export function helperByNumber(number: number): Helper | undefined {
  const name = helperName(number)
  return name === undefined ? undefined : (HELPERS[name] ?? packetHelpers[name.slice("bpf_".length)])
}
