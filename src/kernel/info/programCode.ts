import { SkepError } from "../../base/index.ts"
import type { MachineCode } from "../../machine/index.ts"
import { objInfo } from "../bpf/index.ts"
import { callFailed } from "../host/index.ts"
import { sys } from "../raw/index.ts"

/** `sizeof(struct bpf_prog_info)` of Linux 6.18, rounded up. */
const SIZE = 256
/** Where `struct bpf_prog_info` has the length of the code (u32) and the address it goes to (u64). */
const PLACES = { jited: [16, 24], xlated: [20, 32] } as const

/**
 * Code of a program as the kernel has it: the instructions that the verifier left (`xlated`), or machine code (`jited`); Linux 4.13.
 * Throws `KERNEL_NO_CODE` where the kernel does not show it.
 */
export function programCode(fd: number, form: keyof typeof PLACES, name: string): Uint8Array {
  const [lengthAt, pointerAt] = PLACES[form]
  const ask = (info: Uint8Array): DataView => {
    const result = objInfo(fd, info)
    if (result < 0) throw callFailed(`reading the code of program ${name}`, -result)
    return new DataView(info.buffer)
  }
  const length = ask(new Uint8Array(SIZE)).getUint32(lengthAt, true)
  if (length === 0) throw noCode(name, form)
  const code = new Uint8Array(length)
  const info = new Uint8Array(SIZE)
  const view = new DataView(info.buffer)
  view.setUint32(lengthAt, length, true)
  view.setBigUint64(pointerAt, BigInt(sys().address(code)), true)
  // The kernel takes the address away where it keeps addresses from this process.
  if (ask(info).getBigUint64(pointerAt, true) === 0n) throw noCode(name, form)
  return code
}

/** Where `struct bpf_prog_info` has how many parts the machine code has, and where their addresses and lengths go. */
const PARTS = { addresses: 104, lengths: 108, addressPointer: 112, lengthPointer: 120 }

/** The machine code of a program and its subprograms, each with its address. Linux 4.18. Throws `KERNEL_NO_CODE`. */
export function machineCode(fd: number, name: string): MachineCode[] {
  const code = programCode(fd, "jited", name)
  const ask = (info: Uint8Array): DataView => {
    const result = objInfo(fd, info)
    if (result < 0) throw callFailed(`asking where program ${name} is`, -result)
    return new DataView(info.buffer)
  }
  const count = ask(new Uint8Array(SIZE)).getUint32(PARTS.addresses, true)
  const addresses = new Uint8Array(count * 8)
  const lengths = new Uint8Array(count * 4)
  const info = new Uint8Array(SIZE)
  const view = new DataView(info.buffer)
  view.setUint32(PARTS.addresses, count, true)
  view.setUint32(PARTS.lengths, count, true)
  view.setBigUint64(PARTS.addressPointer, BigInt(sys().address(addresses)), true)
  view.setBigUint64(PARTS.lengthPointer, BigInt(sys().address(lengths)), true)
  ask(info)
  const parts: MachineCode[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const length = new DataView(lengths.buffer).getUint32(i * 4, true)
    parts.push({
      address: new DataView(addresses.buffer).getBigUint64(i * 8, true),
      bytes: code.subarray(at, at + length),
    })
    at += length
  }
  if (parts.length === 0 || parts[0].address === 0n) throw noCode(name, "jited")
  return parts
}

function noCode(name: string, form: keyof typeof PLACES): SkepError {
  return new SkepError({
    code: "KERNEL_NO_CODE",
    message: `the kernel does not show the ${form === "jited" ? "machine code" : "instructions"} of program ${name}`,
    why:
      form === "jited"
        ? "the program is interpreted (net.core.bpf_jit_enable), or this process may not see addresses of the kernel"
        : "this process has no right to see what others have loaded",
    hint: "it takes CAP_SYS_ADMIN or CAP_BPF with CAP_PERFMON, and kernel.kptr_restrict at 0 or 1",
  })
}
