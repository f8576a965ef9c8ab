import { versionNumber } from "../helpers/index.ts"
import { HOOKS, KFUNC_SETS, type KfuncSet } from "./table.ts"

/** A function of the kernel that programs may call, as far as its BTF does not say it. */
export interface Kfunc {
  readonly name: string
  /** Returns a reference (`KF_ACQUIRE`). */
  readonly acquires: boolean
  /** Takes over the reference that it is given (`KF_RELEASE`). */
  readonly releases: boolean
  /** `KF_RET_NULL`. */
  readonly mayReturnNull: boolean
  /** Takes nothing but trusted pointers (`KF_TRUSTED_ARGS`). */
  readonly trustedArguments: boolean
  /** Takes trusted pointers, and those that were read under RCU (`KF_RCU`). */
  readonly rcuArguments: boolean
  /** `KF_SLEEPABLE`. */
  readonly sleeps: boolean
  /** Only in an RCU read section (`KF_RCU_PROTECTED`). */
  readonly rcuProtected: boolean
  /** Only with CAP_SYS_BOOT (`KF_DESTRUCTIVE`). */
  readonly destructive: boolean
  readonly iterator: "new" | "next" | "destroy" | undefined
}

/** Who calls. */
export interface KfuncCaller {
  readonly type: string
  readonly attachType?: string
  readonly target?: string
  /** `major * 100 + minor`. */
  readonly kernel: number
}

let functions: Map<string, { readonly kfunc: Kfunc; readonly since: number; readonly sets: KfuncSet[] }> | undefined

function table(): NonNullable<typeof functions> {
  if (functions !== undefined) return functions
  functions = new Map()
  for (const set of KFUNC_SETS) {
    for (const word of set.functions.split(" ")) {
      const [, name, flags = "", since] = /^(\w+?)(?::(\w+))?(?:@([\d.]+))?$/.exec(word)!
      functions.set(name, {
        kfunc: read(name, flags),
        since: since === undefined ? 0 : versionNumber(since),
        sets: [set],
      })
    }
  }
  return functions
}

function read(name: string, flags: string): Kfunc {
  const has = (letter: string): boolean => flags.includes(letter)
  return {
    name,
    acquires: has("A"),
    releases: has("R"),
    mayReturnNull: has("N"),
    // Who releases something must have it.
    trustedArguments: has("T") || has("R"),
    rcuArguments: has("U"),
    sleeps: has("S"),
    rcuProtected: has("P"),
    destructive: has("D"),
    iterator: has("i") ? "new" : has("x") ? "next" : has("d") ? "destroy" : undefined,
  }
}

/** The function of a name; undefined where programs of that kind may not call it, or the kernel has none of that name that programs call. */
export function findKfunc(name: string, caller: KfuncCaller): Kfunc | undefined {
  const found = table().get(name)
  if (found === undefined || found.since > caller.kernel) return undefined
  return found.sets.some(set => isRegistered(set, caller)) ? found.kfunc : undefined
}

/** The function of a name, whoever may call it. */
export function kfuncByName(name: string): Kfunc | undefined {
  return table().get(name)?.kfunc
}

function isRegistered({ hooks, only }: KfuncSet, { type, attachType = "", target = "", kernel }: KfuncCaller): boolean {
  if (only?.test(`${type}/${attachType}/${target}`) === false) return false
  if (hooks === "common") return true
  return hooks.split(" ").some(hook => isHook(HOOKS[hook], type, kernel))
}

function isHook(types: string, type: string, kernel: number): boolean {
  for (const word of types.split(" ")) {
    const [name, since] = word.split("@")
    if (name === type) return since === undefined || versionNumber(since) <= kernel
  }
  return false
}
