import { readFileSync } from "node:fs"
import { Btf, type BtfKind, type CoreTarget, essentialName } from "../btf/index.ts"
import { fdById, nextId, objInfo } from "./bpf/index.ts"
import { closeFd, sys } from "./raw/index.ts"

/** A module's types in the kernel. */
interface Module {
  readonly name: string
  readonly btf: Btf
  /** Descriptor of the BTF, which the kernel wants where a type of it is named. */
  readonly fd: number
}

/** A type of the running kernel. */
export interface KernelType {
  readonly btf: Btf
  readonly id: number
  /** Descriptor of the module's BTF; 0 for the kernel itself. */
  readonly fd: number
}

/** The types of the running kernel and, when something is not among them, of its modules. */
export class KernelTypes implements Disposable {
  readonly #vmlinux: () => Btf
  #modules: readonly Module[] | undefined

  constructor(vmlinux: () => Btf) {
    this.#vmlinux = vmlinux
  }

  /** What CO-RE looks for types in. */
  get target(): CoreTarget {
    return { btf: this.#vmlinux(), modules: () => this.#loaded().map(module => module.btf) }
  }

  /** A type by name; flavours (`name___old`) are left out. */
  find(name: string, ...kinds: readonly BtfKind[]): KernelType | undefined {
    const essential = essentialName(name)
    const btf = this.#vmlinux()
    const id = btf.find(essential, ...kinds)
    if (id !== 0) return { btf, id, fd: 0 }
    for (const { btf: own, fd } of this.#loaded()) {
      const found = own.find(essential, ...kinds)
      if (found !== 0) return { btf: own, id: found, fd }
    }
    return undefined
  }

  /** A type of one module by name. */
  findIn(module: string, name: string, kind: BtfKind): KernelType | undefined {
    const there = this.#loaded().find(loaded => loaded.name === module)
    const id = there?.btf.find(name, kind) ?? 0
    return there === undefined || id < there.btf.firstId ? undefined : { btf: there.btf, id, fd: there.fd }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#modules ?? []) closeFd(fd)
    this.#modules = undefined
  }

  #loaded(): readonly Module[] {
    this.#modules ??= readModules(this.#vmlinux())
    return this.#modules
  }
}

/** The BTF of every module, by the kernel's list of all BTF there is. */
function readModules(base: Btf): Module[] {
  const modules: Module[] = []
  for (let id = nextId("types", 0); id > 0; id = nextId("types", id)) {
    const fd = fdById("types", id)
    if (fd < 0) continue
    const name = moduleName(fd)
    const btf = name === undefined ? undefined : readModule(name, base)
    if (btf === undefined) closeFd(fd)
    else modules.push({ name: name as string, btf, fd })
  }
  return modules
}

/** `struct bpf_btf_info`: btf u64, btf_size u32, id u32, name u64, name_len u32, kernel_btf u32. */
function moduleName(fd: number): string | undefined {
  const info = new Uint8Array(32)
  const view = new DataView(info.buffer)
  const name = new Uint8Array(64)
  const address = sys().address(name)
  view.setBigUint64(16, BigInt(address), true)
  view.setUint32(24, name.length, true)
  if (objInfo(fd, info) < 0 || view.getUint32(28, true) === 0) return undefined
  const text = new TextDecoder().decode(name.subarray(0, Math.max(0, name.indexOf(0))))
  return text === "" || text === "vmlinux" ? undefined : text
}

function readModule(name: string, base: Btf): Btf | undefined {
  try {
    return Btf.parse(readFileSync(`/sys/kernel/btf/${name}`), { base })
  } catch {
    // It has gone meanwhile.
    return undefined
  }
}
