import type { Inst } from "../ir/index.ts"

/** What a call costs beside its arguments, in instructions. */
export const CALL_WEIGHT = 5

/** About as many machine instructions as an instruction becomes: `mapaddr` is 2, what an access takes with it is 0. */
export function weight(inst: Inst): number {
  switch (inst.op) {
    case "alloca":
    case "zext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
    case "asmout":
    case "cmp":
      return 0
    case "ptradd":
      return inst.args[1].kind === "const" ? 0 : 1
    case "call":
      return CALL_WEIGHT + inst.args.length
    case "memcpy":
      return Math.ceil(inst.size / 8) * 2
    case "memset":
      return Math.ceil(inst.size / 8)
    case "mapaddr":
    case "globaladdr":
    case "funcaddr":
    case "ksymaddr":
    case "sext":
    case "sextin":
    case "select":
      return 2
    default:
      return 1
  }
}
