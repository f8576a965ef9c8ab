import { SkepError } from "../../base/index.ts"
import { kernelSymbols, type ProbeableFunction, type ProbeLists, probeableFunctions } from "../../symbols/index.ts"
import { readText } from "../host/index.ts"
import { lookForTracefs } from "../tracefs.ts"

/** Where debugfs shows what must not be probed. */
const BLACKLIST = "/sys/kernel/debug/kprobes/blacklist"

/** Functions of the running kernel whose names match and that can be probed; the same name twice where two functions have it. */
export function kprobeFunctions(pattern: RegExp): ProbeableFunction[] {
  return probeableFunctions(kernelSymbols(), pattern, probeLists())
}

let known: { readonly modules: string; readonly lists: ProbeLists } | undefined

/** The kernel looks up each of some 50,000 names when the list is read, and the list changes with the modules only. */
function probeLists(): ProbeLists {
  const modules = readText("/proc/modules") ?? ""
  if (known?.modules !== modules) {
    const traceable = readText(`${lookForTracefs()}/available_filter_functions`)
    known = { modules, lists: { traceable, blacklist: readText(BLACKLIST) } }
  }
  return known.lists
}

/** How functions are named to the kernel: by name, and by address where the name is not one's own. */
export function placesOf(functions: readonly ProbeableFunction[]): (string | bigint)[] {
  const count = new Map<string, number>()
  for (const { name } of functions) count.set(name, (count.get(name) ?? 0) + 1)
  const places = functions.map(({ name, address }) => (count.get(name) === 1 || address === 0n ? name : address))
  return [...new Set(places)]
}

/** Functions that match a pattern of a section: `*` is any text, `?` any character. Throws `KERNEL_NO_SYMBOL`. */
export function functionsOfPattern(pattern: string): (string | bigint)[] {
  const source = pattern
    .replace(/[.+^$(){}|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
  const found = placesOf(kprobeFunctions(new RegExp(`^${source}$`)))
  if (found.length === 0) throw noneMatches(pattern)
  return found
}

export function noneMatches(pattern: string): SkepError {
  return new SkepError({
    code: "KERNEL_NO_SYMBOL",
    message: `no function of the kernel that can be probed matches ${pattern}`,
    hint: "the names are in /sys/kernel/tracing/available_filter_functions",
  })
}
