import { SkepError } from "../../base/index.ts"
import type { KprobeTarget } from "../../machine/index.ts"
import type { Attacher } from "./attacher.ts"
import { type Kprobe, openKprobe } from "./kprobe.ts"

/** A function by the name given, and when the kernel has no such function, by the name it may have given it instead. */
export const kprobe: Attacher<KprobeTarget> = {
  types: ["kprobe"],
  text: ({ event, syscall, offset, address }) =>
    `${syscall ? "system call " : ""}${address === undefined ? event : `0x${address.toString(16)}`}${offset ? `+${offset}` : ""}`,
  open(target, { program, owner, what }) {
    const { functions } = owner.options
    const probe: Kprobe = {
      symbol: target.syscall ? functions.syscall(target.event) : target.event,
      offset: target.offset ?? 0,
      ret: target.kind === "kretprobe",
      maxActive: target.maxActive,
      cookie: target.cookie,
      address: target.address,
    }
    try {
      return openKprobe(probe, program.fd, what)
    } catch (error) {
      if (!(error instanceof SkepError) || error.code !== "KERNEL_NO_SYMBOL") throw error
      return openKprobe({ ...probe, symbol: functions.resolve(probe.symbol) }, program.fd, what)
    }
  },
}
