import { kprobeFunctions, tracepoints } from "../../kernel/index.ts"
import { badOption } from "../errors.ts"

/** A text is BCC's: it has to match the whole name. @throws SkepError BPF_OPTION */
export function expressionOf(pattern: string | RegExp): RegExp {
  if (pattern instanceof RegExp) return pattern
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch (error) {
    throw badOption(
      `'${pattern}' is no regular expression: ${(error as Error).message}`,
      "write it as JavaScript does, or give a RegExp",
    )
  }
}

/**
 * Functions of the kernel that can be probed, by a regular expression: those that ftrace can trace, without those that the kernel forbids, parts
 * (`.cold`), stubs of static calls, what is gone after the start, and perf's own. A text has to match the whole name.
 *
 *     getKprobeFunctions("vfs_.*")
 *
 * @throws SkepError BPF_OPTION, SYMBOLS_UNREADABLE
 */
export function getKprobeFunctions(pattern: string | RegExp): string[] {
  return [...new Set(kprobeFunctions(expressionOf(pattern)).map(({ name }) => name))]
}

/**
 * Tracepoints of the kernel as `category:event`, by a regular expression. A text has to match the whole of it.
 * @throws SkepError BPF_OPTION, KERNEL_NO_TRACEFS, KERNEL_NO_PERMISSION
 */
export function getTracepoints(pattern: string | RegExp): string[] {
  const expression = expressionOf(pattern)
  return matching(expression, tracepoints())
}

/** Those of some names that match. @throws SkepError BPF_OPTION */
export function matching(pattern: string | RegExp, names: Iterable<string>): string[] {
  const { source, flags } = expressionOf(pattern)
  const test = new RegExp(source, flags.replace(/[gy]/g, ""))
  return [...names].filter(name => test.test(name))
}

/** Whether the kernel has a tracepoint. @throws SkepError KERNEL_NO_TRACEFS, KERNEL_NO_PERMISSION */
export function tracepointExists(category: string, event: string): boolean {
  return tracepoints(category).includes(`${category}:${event}`)
}
