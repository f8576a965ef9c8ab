/** A register as a program of the kernel finds it: a member of `struct pt_regs`. */
export interface SavedRegister {
  /** How C text names it behind `ctx->`: `di`, `regs[3]`. */
  readonly member: string
  /** Byte of the structure. */
  readonly offset: number
  /** Bits that the name leaves out below: 8 for `ah`. */
  readonly shift: number
}

// Source: Linux arch/x86/include/asm/ptrace.h, `struct pt_regs`.
const X86_ORDER = "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss".split(" ")

const x86 = new Map<string, SavedRegister>()
for (const [i, member] of X86_ORDER.entries()) {
  const plain = { member, offset: i * 8, shift: 0 }
  if (/^r\d/.test(member)) for (const suffix of ["", "d", "w", "b"]) x86.set(member + suffix, plain)
  else for (const name of [`r${member}`, `e${member}`, member]) x86.set(name, plain)
  // al and ah, but sil and bpl
  if (/^[abcd]x$/.test(member)) {
    x86.set(`${member[0]}l`, plain)
    x86.set(`${member[0]}h`, { ...plain, shift: 8 })
  } else if (/^([sd]i|[sb]p)$/.test(member)) x86.set(`${member}l`, plain)
}

/** `%rdi`, `%r8d`, `%ah` of x86-64. */
export const x86Register = (name: string): SavedRegister | undefined => x86.get(name)

/** `x0`, `w3`, `sp` of arm64. Source: Linux arch/arm64/include/uapi/asm/ptrace.h, `struct user_pt_regs`. */
export function arm64Register(name: string): SavedRegister | undefined {
  if (name === "sp") return { member: "sp", offset: 31 * 8, shift: 0 }
  const number = /^[xw](\d+)$/.exec(name)
  const i = number === null ? 31 : Number(number[1])
  return i > 30 ? undefined : { member: `regs[${i}]`, offset: i * 8, shift: 0 }
}
