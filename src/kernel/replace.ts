import { nearestNames, SkepError } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import type { ProgramOptions } from "../machine/index.ts"
import { fdById, objInfo, type ProgLoad } from "./bpf/index.ts"
import { callFailed } from "./host/index.ts"
import { programInfo } from "./info/programInfo.ts"
import { closeFd, sys } from "./raw/index.ts"

/**
 * The fields of a load that bind a program to a global function of another one (Linux 5.6). The kernel wants the function's number in the type
 * information that the other program was loaded with. Throws `KERNEL_NO_TARGET`.
 */
export function replacedFunction({
  program,
  function: name,
}: NonNullable<ProgramOptions["replaces"]>): Partial<ProgLoad> {
  const { btfId } = programInfo(program.fd)
  const btf = btfId === 0 ? undefined : btfById(btfId)
  const id = btf?.find(name, "func") ?? 0
  if (btf !== undefined && id !== 0) return { attachBtfId: id, attachBtfFd: program.fd }
  const near = btf === undefined ? [] : nearestNames(name, functionsOf(btf), 3)
  throw new SkepError({
    code: "KERNEL_NO_TARGET",
    message: `program ${program.name} has no function ${name} that can be replaced`,
    why: btf === undefined ? "it was loaded without type information" : undefined,
    hint:
      near.length > 0
        ? `did you mean ${near.join(", ")}?`
        : "a function that can be replaced is global and not inlined: __noinline",
  })
}

const functionsOf = (btf: Btf): string[] => [...btf.ids("func")].map(id => btf.name(id))

/**
 * Type information by the kernel's number of it. Throws `KERNEL_CALL`.
 *
 *     struct bpf_btf_info { u64 btf; u32 btf_size, id; … }
 */
export function btfById(id: number): Btf {
  const fd = fdById("types", id)
  if (fd < 0) throw callFailed(`opening the type information ${id}`, -fd)
  try {
    const info = new Uint8Array(32)
    const view = new DataView(info.buffer)
    const result = objInfo(fd, info)
    if (result < 0) throw callFailed(`asking about the type information ${id}`, -result)
    const bytes = new Uint8Array(view.getUint32(8, true))
    info.fill(0)
    view.setBigUint64(0, BigInt(sys().address(bytes)), true)
    view.setUint32(8, bytes.length, true)
    const read = objInfo(fd, info)
    if (read < 0) throw callFailed(`reading the type information ${id}`, -read)
    return Btf.parse(bytes)
  } finally {
    closeFd(fd)
  }
}
