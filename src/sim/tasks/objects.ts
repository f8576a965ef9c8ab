import type { Cpu } from "../cpu/cpu.ts"
import type { Kernel } from "../kernel.ts"
import type { KernelObject } from "../memory/object.ts"
import { type ControlGroup, Task } from "./task.ts"

/** `PF_KTHREAD` and others of include/linux/sched.h. */
const PF_KTHREAD = 0x00200000
const PF_IDLE = 0x00000002
/** Priority of a task without a wish: 100 + 20. */
const PRIORITY = 120
const ALL_CAPABILITIES = (1n << 41n) - 1n

/** Who a new task is. */
export interface NewTask {
  readonly comm: string
  readonly parent?: Task
  /** A thread of the parent's process. */
  readonly thread?: boolean
  readonly uid?: number
  readonly kernelThread?: boolean
  /** The number of its process is chosen; the next free one without it. */
  readonly pid?: number
  readonly cpu?: number
}

/** Makes tasks and what hangs on them: credentials, namespaces, control groups. */
export class TaskObjects {
  readonly #kernel: Kernel
  readonly userNamespace: KernelObject
  readonly pidNamespace: KernelObject
  readonly net: KernelObject
  /** The mount namespace of all processes, with its number. */
  readonly mountNamespace: { readonly object: KernelObject; readonly inum: number }
  /** The namespaces that the first process is in: `struct nsproxy`. */
  readonly nsproxy: KernelObject
  readonly #allCpus: KernelObject
  readonly #groups = new Map<string, ControlGroup>()
  readonly #credentials = new Map<number, KernelObject>()
  /** Number of the next task. */
  next = 1

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    const { memory } = kernel
    const ns = (inum: number) => ({ inum, "__ns_ref.refs.counter": 2 })
    this.userNamespace = memory.new("user_namespace", { ns: ns(4026531837) })
    const user_ns = this.userNamespace
    this.#allCpus = memory.new("cpumask", { "bits[0]": 2 ** kernel.cpus - 1 })
    this.pidNamespace = memory.new("pid_namespace", { ns: ns(4026531836), user_ns })
    this.net = memory.new("net", { ns: ns(4026531840), user_ns })
    const inum = 4026531841
    this.mountNamespace = { object: memory.new("mnt_namespace", { ns: ns(inum), user_ns }), inum }
    this.nsproxy = memory.new("nsproxy", {
      "count.refs.counter": 100,
      uts_ns: memory.new("uts_namespace", {
        ns: ns(4026531838),
        user_ns,
        name: { sysname: "Linux", nodename: "simulated", release: kernel.snapshot.release, machine: "x86_64" },
      }),
      ipc_ns: memory.new("ipc_namespace", { ns: ns(4026531839) }),
      mnt_ns: this.mountNamespace.object,
      cgroup_ns: memory.new("cgroup_namespace", { ns: ns(4026531835) }),
      time_ns: memory.new("time_namespace", { ns: ns(4026531834) }),
      pid_ns_for_children: this.pidNamespace,
      net_ns: this.net,
    })
  }

  /** The task of a processor with nothing to do. */
  idle(index: number): Task {
    return this.make({ comm: `swapper/${index}`, pid: 0, kernelThread: true, cpu: index })
  }

  /** A new task, which does nothing yet. */
  make(wanted: NewTask): Task {
    const kernel = this.#kernel
    const { memory } = kernel
    const { comm, parent, kernelThread = false, cpu = 0 } = wanted
    const pid = wanted.pid ?? this.next++
    this.next = Math.max(this.next, pid + 1)
    const tgid = wanted.thread ? (parent?.tgid ?? pid) : pid
    const uid = wanted.uid ?? parent?.uid ?? 0
    const inherits = parent !== undefined && parent.pid !== 1 && !kernelThread
    const slice = kernelThread ? "/" : uid === 0 ? "/system.slice" : `/user.slice/user-${uid}.slice`
    const group = inherits ? parent.group : this.controlGroup(slice)
    const cred = this.#cred(uid)
    const now = kernel.now()
    const number = this.#pid(pid)
    const object = memory.new("task_struct", {
      pid,
      tgid,
      comm,
      flags: kernelThread ? PF_KTHREAD | (pid === 0 ? PF_IDLE : 0) : 0,
      prio: PRIORITY,
      static_prio: PRIORITY,
      normal_prio: PRIORITY,
      nr_cpus_allowed: kernel.cpus,
      "thread_info.cpu": cpu,
      cred,
      real_cred: cred,
      nsproxy: inherits ? parent.object.big("nsproxy") : this.nsproxy,
      cgroups: group.set,
      thread_pid: number,
      loginuid: { val: uid === 0 ? 0xffffffff : uid },
      sessionid: uid === 0 ? 0xffffffff : 1,
      start_time: now,
      start_boottime: now,
      "usage.refs.counter": 2,
      "se.load.weight": 1048576,
    })
    const parentObject = parent?.object ?? object
    object.set({
      real_parent: wanted.thread && parent?.parent ? parent.parent.object : parentObject,
      parent: parentObject,
      group_leader: wanted.thread && parent ? parent.object : object,
      cpus_ptr: this.#allCpus,
    })
    const owned: KernelObject[] = []
    if (!kernelThread) {
      const mm = memory.new("mm_struct", {})
      const fs = memory.new("fs_struct", { users: 1 })
      const signal = memory.new("signal_struct", { nr_threads: 1 })
      const files = memory.new("files_struct", { "count.counter": 1 })
      object.set({ mm, active_mm: mm, fs, signal, files })
      owned.push(mm, fs, signal, files)
    }
    // Its registers lie at the end of its stack; only they are there.
    const regs = memory.new("pt_regs", { cs: 0x33, ss: 0x2b, sp: 0x7ffd00001000n, flags: 0x246 })
    owned.push(object, regs, number)
    return new Task({ pid, tgid, comm, parent, object, regs, uid, gid: uid, group, owned })
  }

  #pid(number: number): KernelObject {
    // `struct upid numbers[]` stands behind the record.
    const { memory } = this.#kernel
    const pid = memory.new("pid", { "count.refs.counter": 2, level: 0 }, 16)
    const upid = memory.layouts.record("upid")
    const { linear } = memory
    const at = pid.offset + memory.layouts.size(pid.type)
    linear.view.setInt32(at + memory.layouts.place(upid, "nr").offset, number, true)
    linear.view.setBigUint64(at + memory.layouts.place(upid, "ns").offset, this.pidNamespace.address, true)
    return pid
  }

  #cred(uid: number): KernelObject {
    let cred = this.#credentials.get(uid)
    if (cred === undefined) {
      const capabilities = { val: uid === 0 ? ALL_CAPABILITIES : 0n }
      const id = { val: uid }
      cred = this.#kernel.memory.new("cred", {
        "usage.counter": 10,
        uid: id,
        gid: id,
        suid: id,
        sgid: id,
        euid: id,
        egid: id,
        fsuid: id,
        fsgid: id,
        cap_permitted: capabilities,
        cap_effective: capabilities,
        cap_bset: { val: ALL_CAPABILITIES },
        user_ns: this.userNamespace,
      })
      this.#credentials.set(uid, cred)
    }
    return cred
  }

  /** The control group of a path, made where it is not there. */
  controlGroup(path: string): ControlGroup {
    const known = this.#groups.get(path)
    if (known !== undefined) return known
    const { memory } = this.#kernel
    const id = BigInt(this.#groups.size + 1)
    const level = path.split("/").filter(name => name !== "").length
    const name = memory.string(path.slice(path.lastIndexOf("/") + 1))
    const group = memory.new("cgroup", { kn: memory.new("kernfs_node", { id, name }), level })
    group.set({ "self.cgroup": group })
    const subsys = Object.fromEntries(
      Array.from({ length: 4 }, (_, i) => [`subsys[${i}]`, memory.new("cgroup_subsys_state", { cgroup: group })]),
    )
    const set = memory.new("css_set", { dfl_cgrp: group, "refcount.refs.counter": 1, ...subsys })
    const made = { path, id, level, group, set }
    this.#groups.set(path, made)
    return made
  }
}

/** A processor that has nothing to do. */
export function newCpu(index: number, idle: Task, now: number): Cpu {
  idle.cpu = index
  idle.frames.push("secondary_startup_64_no_verify", "cpu_startup_entry", "do_idle")
  return { index, idle, current: idle, ready: [], resched: false, asleep: true, since: now }
}
