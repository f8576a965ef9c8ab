/** Machines whose `struct pt_regs` is known. */
export type Architecture = "x86_64" | "arm64" | "riscv64" | "s390x" | "loongarch64" | "powerpc64"

/**
 * Where a function's parts are found in `struct pt_regs` as programs see it: member names, `name` or `name[index]`.
 * Source: the calling conventions, and the pt_regs of the kernel's uapi/asm/ptrace.h.
 */
export interface Registers {
  readonly params: readonly string[]
  /** Of a system call, in its inner pt_regs. */
  readonly syscallParams: readonly string[]
  readonly result: string
  readonly ip: string
  readonly sp: string
  readonly fp: string
  /** Where the return address is, on machines that keep it in a register. */
  readonly ret: string | undefined
  /** Texts of the PT_REGS macros, after the name in their `#define`. */
  readonly macros: Readonly<Record<string, string>>
}

const indexed = (name: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}[${from + i}]`)

type Plain = Omit<Registers, "macros">

const TABLE: Record<Architecture, Plain> = {
  x86_64: {
    params: ["di", "si", "dx", "cx", "r8", "r9"],
    syscallParams: ["di", "si", "dx", "r10", "r8", "r9"],
    result: "ax",
    ip: "ip",
    sp: "sp",
    fp: "bp",
    ret: "sp",
  },
  arm64: {
    params: indexed("regs", 0, 8),
    syscallParams: indexed("regs", 0, 6),
    result: "regs[0]",
    ip: "pc",
    sp: "sp",
    fp: "regs[29]",
    ret: "regs[30]",
  },
  riscv64: {
    params: ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
    // The kernel keeps a0 of a system call elsewhere, as it is overwritten by the result.
    syscallParams: ["orig_a0", "a1", "a2", "a3", "a4", "a5"],
    result: "a0",
    ip: "epc",
    sp: "sp",
    fp: "s0",
    ret: "ra",
  },
  s390x: {
    params: indexed("gprs", 2, 5),
    syscallParams: ["orig_gpr2", ...indexed("gprs", 3, 5)],
    result: "gprs[2]",
    ip: "psw.addr",
    sp: "gprs[15]",
    fp: "gprs[11]",
    ret: "gprs[14]",
  },
  loongarch64: {
    params: indexed("regs", 4, 8),
    syscallParams: ["orig_a0", ...indexed("regs", 5, 5)],
    result: "regs[4]",
    ip: "csr_era",
    sp: "regs[3]",
    fp: "regs[22]",
    ret: "regs[1]",
  },
  powerpc64: {
    params: indexed("gpr", 3, 8),
    syscallParams: ["orig_gpr3", ...indexed("gpr", 4, 5)],
    result: "gpr[3]",
    ip: "nip",
    sp: "gpr[1]",
    fp: "gpr[31]",
    ret: "link",
  },
}

const made = new Map<Architecture, Registers>()

export function registersOf(arch: Architecture): Registers {
  let registers = made.get(arch)
  if (registers === undefined) made.set(arch, (registers = { ...TABLE[arch], macros: macrosOf(TABLE[arch]) }))
  return registers
}

/** `PT_REGS_PARM1(ctx)` and its like, and the forms that read an inner pt_regs of a system call. */
function macrosOf(plain: Plain): Record<string, string> {
  const macros: Record<string, string> = {}
  const add = (name: string, place: string) => {
    macros[`PT_REGS_${name}`] = `(_ctx) ((_ctx)->${place})`
    macros[`PT_REGS_${name}_CORE`] = `(_ctx) ((_ctx)->${place})`
  }
  for (const [i, place] of plain.params.entries()) add(`PARM${i + 1}`, place)
  for (const [i, place] of plain.syscallParams.entries()) add(`PARM${i + 1}_SYSCALL`, place)
  add("RC", plain.result)
  add("IP", plain.ip)
  add("SP", plain.sp)
  add("FP", plain.fp)
  if (plain.ret !== undefined) add("RET", plain.ret)
  macros.PT_REGS_SYSCALL_CTX = `(_ctx) ((struct pt_regs *)PT_REGS_PARM1(_ctx))`
  macros.PT_REGS_SYSCALL_REGS = macros.PT_REGS_SYSCALL_CTX
  return macros
}
