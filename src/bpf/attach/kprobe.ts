import { kprobeFunctions, noneMatches, placesOf } from "../../kernel/index.ts"
import type { Link } from "../../machine/index.ts"
import { badEvent, badOption } from "../errors.ts"
import type { LoadFunction } from "./load.ts"
import { expressionOf } from "./names.ts"
import type { KprobeOptions, KretprobeOptions } from "./options.ts"

/** Runs a function of the program at one or many functions of the kernel. */
export function attachKprobe(
  kind: "kprobe" | "kretprobe",
  options: KprobeOptions & KretprobeOptions,
  load: LoadFunction,
): Link {
  const method = kind === "kprobe" ? "attachKprobe" : "attachKretprobe"
  const { event, eventRe, address, fn, offset, maxactive, cookie } = options
  if ([event, eventRe, address].filter(place => place !== undefined).length > 1) {
    throw badOption(`${method} takes one of event, eventRe and address`, `b.${method}({ event: "vfs_read", fn: "f" })`)
  }
  if (eventRe !== undefined) return attachMatching(kind, options, eventRe, load)
  if (address === undefined && (typeof event !== "string" || !/^[\w.$]+$/.test(event))) {
    throw badEvent(method, event, "the name of a kernel function", "finish_task_switch")
  }
  const program = load(fn, { type: "kprobe" })
  return program.attach({
    kind,
    event: event ?? "",
    address,
    offset,
    cookie,
    ...(kind === "kretprobe" && { maxActive: maxactive }),
  })
}

function attachMatching(
  kind: "kprobe" | "kretprobe",
  { fn, cookie, onProgress }: KprobeOptions,
  pattern: string | RegExp,
  load: LoadFunction,
): Link {
  const expression = expressionOf(pattern)
  const program = load(fn, { type: "kprobe" })
  const { symbols } = program
  const functions =
    symbols === undefined
      ? placesOf(kprobeFunctions(expression))
      : symbols.functions.filter(name => expression.test(name))
  if (functions.length === 0) throw noneMatches(String(pattern))
  return program.attach({
    kind: `${kind}_multi`,
    event: String(pattern),
    functions,
    onProgress,
    ...(cookie !== undefined && { cookies: functions.map(() => cookie) }),
  })
}
