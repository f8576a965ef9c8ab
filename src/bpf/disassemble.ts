import { decodeInsns, disassemble, type Insn, type InsnSymbol } from "../isa/index.ts"
import { ksym, ksymName } from "./user/symbols.ts"

/**
 * Instructions of BPF as text, one a line, as the verifier's log and bpftool write them.
 *
 *     disassembleInsns(b.dumpFunc("hello"))   // "   0: (b7) r0 = 0\n   1: (95) exit\n"
 *
 * @throws SkepError ISA_BAD_LENGTH, ISA_TRUNCATED
 */
export function disassembleInsns(code: Uint8Array): string {
  const insns = decodeInsns(code)
  return disassemble(insns, { symbol: index => helperCalled(insns[index]) })
}

const CALL = 0x85

/** The kernel's function that an instruction calls: the verifier puts its distance from `__bpf_call_base` in the place of the helper's number. */
function helperCalled({ op, src, imm }: Insn): InsnSymbol | undefined {
  if (op !== CALL || src !== 0) return undefined
  const base = ksymName("__bpf_call_base")
  // Numbers of helpers are small, and no function of the kernel is so near.
  if (base === undefined || (imm >= 0 && imm < 1024)) return undefined
  const name = ksym(base + BigInt(imm))
  return name === "[unknown]" ? undefined : { kind: "call", name }
}
