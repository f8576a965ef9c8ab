import { SkepError } from "../base/index.ts"
import { Btf, typesCompatible } from "../btf/index.ts"
import { BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, call, type Insn, lddw, loadImm64 } from "../isa/index.ts"
import { type BpfObject, POISON_HELPER, type Relocation } from "../object/index.ts"
import { kernelSymbols } from "../symbols/index.ts"
import type { KernelType, KernelTypes } from "./kernelTypes.ts"

type OfKind<K extends Relocation["kind"]> = Extract<Relocation, { readonly kind: K }>

/** Finds what a program uses of the kernel: functions to call, variables and functions whose addresses it takes. */
export class Externs {
  readonly #object: BpfObject
  readonly #types: KernelTypes
  /** The program's name. */
  readonly #user: string
  #btf: Btf | undefined
  /** Descriptors of modules' BTF by index; the first one stands for the kernel itself. */
  readonly fds: number[] = [0]

  constructor(object: BpfObject, types: KernelTypes, user: string) {
    this.#object = object
    this.#types = types
    this.#user = user
  }

  /** The call, or a poisoned one and the reason for it. Throws `KERNEL_NO_FUNCTION`, `KERNEL_KSYM_TYPE`. */
  call(insn: Insn, relocation: OfKind<"kfunc">): { readonly insn: Insn; readonly poisoned?: string } {
    const found = this.#find(relocation.name, "func", relocation.weak === true)
    if (found !== undefined) {
      return { insn: { ...insn, src: BPF_PSEUDO_KFUNC_CALL, off: this.#index(found.fd), imm: found.id } }
    }
    if (relocation.weak)
      return { insn: call(POISON_HELPER), poisoned: `function ${relocation.name} is not in this kernel` }
    throw noFunction(relocation.name, `${this.#user} calls it`)
  }

  /** The address. Throws `KERNEL_NO_KSYM`, `KERNEL_KSYM_TYPE`. */
  address(insn: Insn, { name, typed, weak }: OfKind<"ksym">): Insn {
    if (typed) {
      const found = this.#find(name, "var", weak) ?? this.#find(name, "func", weak)
      if (found !== undefined) return lddw(insn.dst, BPF_PSEUDO_BTF_ID, found.id, found.fd)
    } else {
      const [symbol] = kernelSymbols().find(name)
      if (symbol !== undefined) return loadImm64(insn.dst, symbol.address)
    }
    if (weak) return loadImm64(insn.dst, 0n)
    throw new SkepError({
      code: "KERNEL_NO_KSYM",
      message: `the kernel has no ${typed ? "variable with type information" : "symbol"} ${name}`,
      why: `${this.#user} uses its address`,
      hint: typed
        ? "the kernel tells the types of per-CPU variables and functions: declare another one void, and read it with bpf_probe_read_kernel"
        : "declare it __weak, and its address is 0 where the kernel does not have it",
    })
  }

  /** A function or variable whose type in the kernel is what the program takes it for. */
  #find(name: string, kind: "func" | "var", weak: boolean): KernelType | undefined {
    const found = this.#types.find(name, kind)
    if (found === undefined || this.#object.btf.length === 0) return found
    this.#btf ??= Btf.parse(this.#object.btf)
    const own = this.#btf.type(this.#btf.find(name, kind))
    const theirs = found.btf.type(found.id)
    if (!("type" in own) || !("type" in theirs)) return found
    if (typesCompatible({ local: this.#btf, target: found.btf }, own.type, theirs.type)) return found
    if (weak) return undefined
    throw new SkepError({
      code: "KERNEL_KSYM_TYPE",
      message: `${name} has another type in the kernel than in program ${this.#user}`,
      hint: `take the declaration from vmlinux.h: skep's own has the running kernel's types`,
    })
  }

  #index(fd: number): number {
    if (fd === 0) return 0
    const known = this.fds.indexOf(fd, 1)
    return known > 0 ? known : this.fds.push(fd) - 1
  }
}

export const noFunction = (name: string, why: string): SkepError =>
  new SkepError({
    code: "KERNEL_NO_FUNCTION",
    message: `the kernel's type information has no function ${name}`,
    why,
    hint: "the function may be inlined, renamed or missing from this kernel; a kprobe takes any function in /proc/kallsyms",
  })
