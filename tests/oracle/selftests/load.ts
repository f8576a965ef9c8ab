import { SkepError } from "../../../src/base/index.ts"
import { objInfo } from "../../../src/kernel/bpf/index.ts"
import { KernelMachine } from "../../../src/kernel/index.ts"
import type { BpfObject, MapSpec, ProgramSpec } from "../../../src/object/index.ts"
import { kernelFunctions } from "../../../src/symbols/index.ts"
import { type Failure, failure } from "./compile.ts"

/** What the kernel said to one program. */
export interface Verdict {
  readonly name: string
  /** Instructions that the verifier went through. */
  readonly verified?: number
  /** The kernel's digest of its instructions. */
  readonly tag?: string
  readonly refused?: Failure
}

/** Where the kernel tells how many instructions it verified: `verified_insns` of `struct bpf_prog_info`. */
const VERIFIED_INSNS = 216
/** `tag` there. */
const TAG = 8

/** Loads each program of an object by itself with skep's loader, whoever made the object. */
export class Judge {
  readonly #machine = new KernelMachine({ functions: kernelFunctions })

  judge(object: BpfObject): Verdict[] {
    try {
      using loaded = this.#machine.load({ ...object, maps: object.maps.map(loadable) }, { lazy: true })
      return object.programs.map(({ name }): Verdict => {
        try {
          const { fd } = loaded.program(name)
          const info = new Uint8Array(VERIFIED_INSNS + 4)
          const known = objInfo(fd, info) >= info.length
          if (!known) return { name }
          const tag = Buffer.from(info.subarray(TAG, TAG + 8)).toString("hex")
          return { name, verified: new DataView(info.buffer).getUint32(VERIFIED_INSNS, true), tag }
        } catch (error) {
          return { name, refused: why(error) }
        }
      })
    } catch (error) {
      const refused = why(error)
      return object.programs.map(({ name }) => ({ name, refused }))
    }
  }
}

/** The tests' own loaders give ring buffers their size; nothing is pinned, so that nothing is left behind. */
export function loadable({ pin: _, ...map }: MapSpec): MapSpec {
  return map.maxEntries === 0 && map.type.endsWith("ringbuf") ? { ...map, maxEntries: 4096 } : map
}

/** The failure; of the verifier's log the last line that says something. */
export function why(error: unknown): Failure {
  const { code, message } = failure(error)
  const reason =
    error instanceof SkepError && error.parts.why !== undefined ? ` — ${error.parts.why.split("\n")[0]}` : ""
  return { code, message: message + reason }
}

/** Instruction slots of an object's programs and subprograms. */
export function slotsOf(object: BpfObject): number {
  const count = (fns: readonly Pick<ProgramSpec, "insns">[]) =>
    fns.reduce((sum, fn) => sum + fn.insns.reduce((n, insn) => n + (insn.op === 0x18 ? 2 : 1), 0), 0)
  return count(object.programs) + count(object.functions)
}
