import { cgroupPrograms, noHook } from "../../kernel/index.ts"
import {
  type CgroupHook,
  type CgroupTarget,
  type Link,
  type ProgramOptions,
  sectionOfHook,
} from "../../machine/index.ts"
import { meaningOfSection, type ProgramSpec } from "../../object/index.ts"
import type { ProgramHost } from "./host.ts"

/** How to attach to a control group. */
export interface CgroupOptions {
  /** Where in the group's life: `connect4`, `egress`, `getsockopt`, …; what the program's section says without it. */
  readonly hook?: CgroupHook
  /** Beside which other programs; a link without it. See {@link CgroupTarget}. */
  readonly mode?: CgroupTarget["mode"]
}

/** Types of the programs that belong to a control group. */
const isForCgroups = ({ type, attach }: ProgramSpec): boolean =>
  type === "sock_ops" || type?.startsWith("cgroup_") === true || attach?.kind === "lsm_cgroup"

/** A control group (cgroup2) as a place to attach to. `F`: the names of the functions that can be attached. */
export class Cgroup<F extends string = string> {
  /** Its folder. */
  readonly path: string
  readonly #host: ProgramHost

  constructor(path: string, host: ProgramHost) {
    this.path = path
    this.#host = host
  }

  /**
   * Runs a function for the processes of the group and of those below: `b.cgroup("/sys/fs/cgroup/web").attach("deny", { hook: "connect4" })`.
   * @throws SkepError BPF_NO_FUNCTION, KERNEL_NO_CGROUP, KERNEL_NO_HOOK, KERNEL_CGROUP_BUSY, KERNEL_NO_PERMISSION
   */
  attach(fn: F, { hook, mode }: CgroupOptions = {}): Link {
    return this.#attach(fn, { hook, mode })
  }

  #attach(fn: string, { hook, mode }: CgroupOptions): Link {
    const options: ProgramOptions = hook === undefined ? {} : loadFor(hook)
    return this.#host.program(fn, options).attach({ kind: "cgroup", path: this.path, hook, mode })
  }

  /** Attaches every function whose section names a place of a control group (`SEC("cgroup/connect4")`); after an error none is. */
  attachAll({ mode }: Pick<CgroupOptions, "mode"> = {}): Link[] {
    const links: Link[] = []
    try {
      for (const spec of this.#host.programs) if (isForCgroups(spec)) links.push(this.#attach(spec.name, { mode }))
    } catch (error) {
      for (const link of links.reverse()) link.detach()
      throw error
    }
    return links
  }

  /** Numbers of the programs that are attached to a place of this group itself, whoever did it; `bpftool prog` tells more of them. Linux 4.15. */
  programs(hook: CgroupHook): readonly number[] {
    return cgroupPrograms(this.path, hook)
  }
}

/** How a program is loaded for a place, where its section does not say it. */
function loadFor(hook: CgroupHook): ProgramOptions {
  const { type, attachType } = meaningOfSection(sectionOfHook(hook))
  if (type === undefined) throw noHook(hook)
  // The direction of packets is no part of a program: the same one can be attached to both.
  return type === "cgroup_skb" ? { type } : { type, attachType }
}
