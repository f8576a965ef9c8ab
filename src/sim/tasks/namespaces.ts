import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"
import { capable } from "./rights.ts"
import type { Task } from "./task.ts"

/** Kinds of namespaces that a process can leave: the flag of `unshare`, the record, and the member of `struct nsproxy`. */
export const NAMESPACES = {
  mount: { flag: 0x00020000, record: "mnt_namespace", member: "mnt_ns" },
  cgroup: { flag: 0x02000000, record: "cgroup_namespace", member: "cgroup_ns" },
  uts: { flag: 0x04000000, record: "uts_namespace", member: "uts_ns" },
  ipc: { flag: 0x08000000, record: "ipc_namespace", member: "ipc_ns" },
} as const

/** A kind of namespaces. */
export type NamespaceKind = keyof typeof NAMESPACES

/** Number of the first namespace that is made after the computer has started. */
const FIRST = 4_026_532_200

/** Processes move to namespaces and control groups of their own. */
export class Namespaces {
  readonly #system: System
  #next = FIRST

  constructor(system: System) {
    this.#system = system
  }

  /** A process goes on in new namespaces: 0, or a negative error number. */
  *unshare(task: Task, kinds: readonly NamespaceKind[], flags: number): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("ksys_unshare", [flags], () => this.#unshare(task, kinds, flags))
  }

  *#unshare(task: Task, kinds: readonly NamespaceKind[], flags: number): Steps<number> {
    const { kernel, objects } = this.#system
    const { memory } = kernel
    const refused = yield* capable(kernel, task, objects.userNamespace, "SYS_ADMIN")
    if (refused !== 0) return refused
    const proxy = memory.new("nsproxy", { "count.refs.counter": 1 })
    return yield* kernel.call(
      "unshare_nsproxy_namespaces",
      [flags, 0, 0, 0],
      () => {
        const { offset } = objects.nsproxy
        memory.linear.u8.copyWithin(proxy.offset, offset, offset + memory.layouts.size(proxy.type))
        for (const kind of kinds) {
          const { record, member } = NAMESPACES[kind]
          const ns = { inum: this.#next++, "__ns_ref.refs.counter": 1 }
          const own = memory.new(record, { ns, user_ns: objects.userNamespace })
          task.owned.push(own)
          proxy.set({ [member]: own })
        }
        task.owned.push(proxy)
        task.object.set({ nsproxy: proxy })
        return 0
      },
      40_000,
    )
  }

  /** A process moves to a control group: how many bytes were written for that. */
  *join(task: Task, path: string, bytes: number): Steps<number> {
    const { kernel, objects } = this.#system
    const joined = objects.controlGroup(path)
    const { set, id, level, group } = joined
    return yield* kernel.call("cgroup_attach_task", [group, task.object, true], () => {
      task.object.set({ cgroups: set })
      task.group = joined
      const who = { pid: task.pid, comm: task.comm }
      const fields = () => ({ dst_level: level, dst_id: id, ...who, dst_path: path })
      kernel.tracepoint("cgroup:cgroup_attach_task", fields, () => [group, 0, task.object, true])
      return bytes
    })
  }
}
