import { helperById, helperName, LAST_HELPER, progTypes } from "../../isa/index.ts"
import { isSleepableHook } from "./lsmHooks.ts"
import { type Prototype, parsePrototype, versionNumber } from "./notation.ts"
import { BASE_SETS, PROGRAM_SETS } from "./programs.ts"
import { PROTOTYPES } from "./prototypes.ts"

/** Who calls a helper, as far as that decides whether it may. */
export interface Caller {
  /** Program type as `progTypes` names it; of a program that replaces a function (`ext`), the type of the other program. */
  readonly type: string
  /** Attach type as `attachTypes` names it. */
  readonly attachType?: string
  /** Name of the kernel function that the program is attached to, or of the table of operations that it is a member of. */
  readonly target?: string
  /** Name of the member of that table. */
  readonly member?: string
  /** `major * 100 + minor`. */
  readonly kernel: number
  readonly sleepable: boolean
  readonly privileged: boolean
  readonly perfmon: boolean
  /** Whether the program's licence is compatible with the GPL. */
  readonly gpl: boolean
}

/** Why a helper may not be called, in the kernel's words. */
export interface HelperRefusal {
  readonly message: string
  readonly errno: number
}

const [EINVAL, ENOTSUPP] = [22, 524]

/** First kernel whose message names the program type, and not the helper, as what is wrong. */
const SAYS_PROGRAM_TYPE = 610

/** What is known of a caller: the helpers for programs of its kind, and what it was answered. */
interface Answers {
  readonly helpers: ReadonlyMap<number, Prototype>
  readonly found: Map<number, Prototype | HelperRefusal>
}

const answers = new WeakMap<Caller, Answers>()

/** The prototype by which a program calls a helper, or why it may not: looked up once for each caller. */
export function findHelper(id: number, caller: Caller): Prototype | HelperRefusal {
  let known = answers.get(caller)
  if (known === undefined) answers.set(caller, (known = { helpers: helpersOf(caller), found: new Map() }))
  let found = known.found.get(id)
  if (found === undefined) known.found.set(id, (found = lookUp(id, caller, known.helpers)))
  return found
}

function lookUp(id: number, caller: Caller, helpers: Answers["helpers"]): Prototype | HelperRefusal {
  const helper = id <= LAST_HELPER ? helperById(id) : undefined
  if (helper === undefined || versionNumber(helper.kernelSince) > caller.kernel) {
    return { message: `invalid func unknown#${id}`, errno: EINVAL }
  }
  const prototype = !caller.perfmon && CASTS.test(helper.name) ? undefined : helpers.get(id)
  const name = `${helper.name}#${id}`
  if (prototype === undefined) {
    const says = caller.kernel >= SAYS_PROGRAM_TYPE ? "program of this type cannot use helper" : "unknown func"
    return { message: `${says} ${name}`, errno: EINVAL }
  }
  if (prototype.gplOnly && !caller.gpl) {
    return { message: "cannot call GPL-restricted function from non-GPL compatible program", errno: EINVAL }
  }
  if (!isAllowed(helper.name, caller)) return { message: "helper call is not allowed in probe", errno: EINVAL }
  if (prototype.sleeps && !caller.sleepable) {
    return { message: "helper call might sleep in a non-sleepable prog", errno: EINVAL }
  }
  return (helper.name === "bpf_get_func_ip" && refuseFuncIp(name, caller)) || prototype
}

/** Helpers that make typed pointers of sockets, which tell where memory lies. */
const CASTS = /^bpf_skc_to_/

/** Whether what {@link findHelper} found is a refusal. */
export function isRefusal(found: Prototype | HelperRefusal): found is HelperRefusal {
  return "errno" in found
}

const TRAMPOLINES = new Set(["trace_fentry", "trace_fexit", "modify_return"])

/** The address of the traced function is known to programs on functions only. */
function refuseFuncIp(name: string, { type, attachType }: Caller): HelperRefusal | undefined {
  if (type === "kprobe") return undefined
  if (type !== "tracing") {
    return { message: `func ${name} not supported for program type ${progTypes.number(type)}`, errno: EINVAL }
  }
  if (TRAMPOLINES.has(attachType ?? "")) return undefined
  return { message: `func ${name} supported only for fentry/fexit/fmod_ret programs`, errno: ENOTSUPP }
}

/** Functions on whose paths `bpf_d_path` is safe (`btf_allowlist_d_path`). */
const D_PATH = new Set([
  "security_file_permission",
  "security_inode_getattr",
  "security_file_open",
  "security_path_truncate",
  "vfs_truncate",
  "vfs_fallocate",
  "dentry_open",
  "vfs_getattr",
  "filp_close",
])

/** What helpers ask of the place that the program is attached to (the callback `allowed` of their prototypes). */
function isAllowed(name: string, { type, attachType, target = "" }: Caller): boolean {
  switch (name) {
    case "bpf_d_path":
      if (type === "tracing" && attachType === "trace_iter") return true
      return type === "lsm" ? isSleepableHook(target) : D_PATH.has(target)
    case "bpf_ima_inode_hash":
    case "bpf_ima_file_hash":
      return isSleepableHook(target)
    case "bpf_sk_storage_get":
    case "bpf_sk_storage_delete":
      if (type !== "tracing" && type !== "syscall") return true
      if (attachType === "trace_iter" || attachType === "trace_raw_tp") return true
      // The functions that are called inside of it cannot call it.
      return (attachType === "trace_fentry" || attachType === "trace_fexit") && !target.startsWith("bpf_sk_storage")
    default:
      return true
  }
}

let rows: Map<string, Prototype[]> | undefined

/** The rows of a helper's form, from the oldest kernel on. */
function rowsOf(name: string): readonly Prototype[] {
  if (rows === undefined) {
    rows = new Map()
    for (const line of PROTOTYPES.split("\n")) {
      const row = parsePrototype(line)
      const all = rows.get(row.name)
      if (all === undefined) rows.set(row.name, [row])
      else all.push(row)
    }
  }
  return rows.get(name) ?? []
}

const known = new Map<string, ReadonlyMap<number, Prototype>>()

/** All helpers that the programs of a type and place may call, by number, whatever licence they have and whether they sleep. */
export function helpersOf(caller: Caller): ReadonlyMap<number, Prototype> {
  const { type, attachType = "", target = "", member = "", kernel, privileged, perfmon } = caller
  const narrower = [
    `${type}:${attachType}`,
    `${type}:${target}`,
    `${type}:${attachType}:${target}`,
    `${type}:${target}:${member}`,
  ]
  const places = [type, ...narrower].filter(place => place in PROGRAM_SETS)
  const key = `${places} ${kernel} ${privileged} ${perfmon}`
  const { none, bpf, perfmon: tracing } = BASE_SETS
  const sets = privileged ? (perfmon ? [none, bpf, tracing] : [none, bpf]) : [none]
  let found = known.get(key)
  if (found === undefined) known.set(key, (found = collect(places, kernel, sets)))
  return found
}

let numbers: Map<string, number> | undefined

/** The number of a helper by its name without `bpf_`. */
function numberOf(name: string): number {
  if (numbers === undefined) {
    numbers = new Map()
    for (let id = 1; id <= LAST_HELPER; id++) numbers.set(helperName(id)!.slice("bpf_".length), id)
  }
  return numbers.get(name)!
}

function collect(places: readonly string[], kernel: number, sets: readonly string[]): ReadonlyMap<number, Prototype> {
  const found = new Map<number, Prototype>()
  for (const word of [...sets, ...places.map(place => PROGRAM_SETS[place])].join(" ").split(" ")) {
    if (word === "") continue
    const [name, since] = word.split("@")
    if (since !== undefined && versionNumber(since) > kernel) continue
    if (name.startsWith("-")) found.delete(numberOf(name.slice(1)))
    const row = rowsOf(name).findLast(each => each.since <= kernel)
    // A later set, which is about a narrower place, has the form that holds there.
    if (row !== undefined) found.set(numberOf(name.split("/")[0]), row)
  }
  return found
}
