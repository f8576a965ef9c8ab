import { SkepError } from "../base/index.ts"
import { decodeInsns, decodeX86, disassemble, type Insn, type InsnSymbol } from "../isa/index.ts"
import type { LoadedProgram } from "../machine/index.ts"
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
  // Numbers of helpers are small, and no function of the kernel is so near.
  if (imm >= 0 && imm < 1024) return undefined
  const base = ksymName("__bpf_call_base")
  if (base === undefined) return undefined
  const name = ksym(base + BigInt(imm))
  return name === "[unknown]" ? undefined : { kind: "call", name }
}

/**
 * Machine code of a program as text, one instruction a line, with the names of the kernel's functions that it calls:
 *
 *     main at 0xffffffffc0a1b2c4:
 *          0: endbr64
 *          4: push %rbp
 *         1f: call 0xffffffff8124a3c0 <bpf_get_current_pid_tgid>
 */
export function disassembleMachineCode(program: LoadedProgram): string {
  if (process.arch !== "x64") {
    throw new SkepError({
      code: "MACHINE_UNSUPPORTED",
      message: `machine code of ${process.arch} is not taken apart`,
      hint: 'dumpFunc(fn, "jited") gives its bytes, for objdump -D -b binary',
    })
  }
  const parts = program.machineCode().map(({ address, bytes }, i) => {
    const lines = decodeX86(bytes).map(({ offset, text, target }) => {
      const place = offset.toString(16).padStart(6)
      if (target === undefined || (target >= 0 && target < bytes.length)) return `${place}: ${text}`
      const to = BigInt.asUintN(64, address + BigInt(target))
      return `${place}: ${text.split(" ")[0]} 0x${to.toString(16)} <${ksym(to, { offset: true })}>`
    })
    const name = i === 0 ? program.name : `subprogram ${i}`
    return [`${name} at 0x${address.toString(16)}:`, ...lines, ""].join("\n")
  })
  return parts.join("\n")
}
