import type { Btf } from "../../../src/btf/index.ts"
import { attachTypes, progTypes } from "../../../src/isa/index.ts"
import { btfLoad, progLoad } from "../../../src/kernel/bpf/index.ts"
import { vmlinuxTypes } from "../../../src/kernel/host/index.ts"
import { closeFd } from "../../../src/kernel/index.ts"
import { collect } from "../collect.ts"
import type { Compare, Compared } from "../compare.ts"
import { type Case, readCases } from "./cases.ts"
import { CaseMaps } from "./maps.ts"

const BTF_PREFIX: Readonly<Record<string, string>> = {
  lsm_mac: "bpf_lsm_",
  trace_raw_tp: "btf_trace_",
  trace_iter: "bpf_iter_",
}

let types: Btf | undefined
const kernelTypes = (): Btf => (types ??= vmlinuxTypes())

/** Id in the kernel's types of what a case is attached to; 0 where there is no such thing. */
function target({ attachTo, attachType }: Case): number {
  if (attachTo === undefined) return 0
  const place = attachTypes.name(attachType) ?? ""
  return kernelTypes().find((BTF_PREFIX[place] ?? "") + attachTo, place === "trace_raw_tp" ? "typedef" : "func")
}

/** The program with the descriptors and ids in it that it needs. */
function filledIn(one: Case, maps: CaseMaps): Uint8Array {
  const insns = one.insns.slice()
  const view = new DataView(insns.buffer)
  for (const [name, slots] of Object.entries(one.maps)) {
    for (const slot of slots) view.setInt32(8 * slot + 4, maps.fd(name), true)
  }
  for (const { name, slot } of one.kfuncs) view.setInt32(8 * slot + 4, kernelTypes().find(name, "func"), true)
  return insns
}

/** Gives a case to the kernel. */
function load(one: Case, maps: CaseMaps): void {
  const btfFd = one.btf && btfLoad(one.btf)
  const result = progLoad({
    type: one.type,
    insns: filledIn(one, maps),
    license: "GPL",
    flags: one.flags,
    expectedAttachType: one.attachType,
    attachBtfId: target(one),
    ...(btfFd !== undefined && btfFd >= 0 && { btfFd, funcInfo: one.funcInfo }),
  }).result
  for (const fd of [result, btfFd ?? -1]) if (fd >= 0) closeFd(fd)
}

/** Gives each case whose name has one of the words, or whose program type is one, to both verifiers. */
export function runCases(
  selftests: string,
  words: readonly string[],
  show: (name: string) => void,
  how?: Compare,
): Compared[] {
  const { cases, mapTypes } = readCases(selftests)
  const wanted = cases.filter(
    ({ name, type }) => words.length === 0 || words.some(word => name.includes(word) || progTypes.name(type) === word),
  )
  let name = ""
  const all = () => {
    using shared = new CaseMaps(mapTypes)
    for (const one of wanted) {
      name = one.name
      show(name)
      // A program array belongs to the first program that uses it.
      using own = new CaseMaps(mapTypes)
      load(one, "prog1" in one.maps || "prog2" in one.maps ? own : shared)
    }
  }
  return collect(all, () => name, how)
}
