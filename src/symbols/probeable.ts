import type { KernelSymbols } from "./kallsyms.ts"

/** A function that a probe can be put on. */
export interface ProbeableFunction {
  readonly name: string
  /** 0n where the kernel hides addresses. */
  readonly address: bigint
}

/** What a kernel says of the functions that can be probed; what it does not say excludes nothing. */
export interface ProbeLists {
  /** Text of available_filter_functions: those that ftrace can trace, `NAME` or `NAME [MODULE]` a line. */
  readonly traceable?: string
  /** Text of kprobes/blacklist: `0xFIRST-0xLAST NAME` a line. */
  readonly blacklist?: string
}

/** Parts of the kernel whose functions are gone after its start, or that handle interrupts: first and last symbol. */
const SKIPPED: Readonly<Record<string, string>> = {
  __init_begin: "__init_end",
  __irqentry_text_start: "__irqentry_text_end",
}
/** Marks of functions that cannot be probed, the own functions of perf (a probe there would run itself), static calls' stubs. */
const NOT_PROBED = /^(_kbl_addr_|__perf|perf_|__SCT__)|\.cold(\.\d+)?$/

/**
 * Functions whose names match and that can be probed, by BCC's rules: what the symbol table has without the parts above, that ftrace can trace,
 * and that is not on the kernel's own list of exceptions.
 */
export function probeableFunctions(symbols: KernelSymbols, pattern: RegExp, lists: ProbeLists): ProbeableFunction[] {
  const traceable = lists.traceable === undefined ? undefined : firstWords(lists.traceable)
  const blacklist = new Set([...(lists.blacklist ?? "").matchAll(/^\S+\s+(\S+)/gm)].map(([, name]) => name))
  const test = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""))
  const found: ProbeableFunction[] = []
  let until: string | undefined
  for (const { name, type, address } of symbols.symbols()) {
    if (until !== undefined) {
      if (name === until) until = undefined
      continue
    }
    until = Object.hasOwn(SKIPPED, name) ? SKIPPED[name] : undefined
    if (!/[tTwW]/.test(type) || NOT_PROBED.test(name) || !test.test(name)) continue
    if (blacklist.has(name) || traceable?.has(name) === false) continue
    found.push({ name, address })
  }
  return found
}

const firstWords = (text: string): Set<string> => new Set([...text.matchAll(/^\S+/gm)].map(([word]) => word))
