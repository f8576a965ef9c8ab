import { closeSync, openSync, read, readSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import type { CgroupOrder, IterOutput, IterScope, IterTarget } from "../../machine/index.ts"
import { attachTypeOf } from "../../object/index.ts"
import { iterCreate, iterLinkCreate } from "../bpf/index.ts"
import { callFailed, isPermission, kernelAtLeast, permissionError } from "../host/index.ts"
import { closeFd, EINVAL, ENOENT, ESRCH } from "../raw/index.ts"
import { type Attacher, byLink } from "./attacher.ts"

/** Bytes of a read: the kernel hands over no more than its own buffer of eight pages. */
const CHUNK = 8 * 4096

/** An iterator as a link, which gives a file to read its output from when it is pinned (Linux 5.8). */
export const iterator: Attacher<IterTarget> = {
  types: ["tracing"],
  text: ({ event }) => event,
  open: (target, { program, what }) => byLink("iterator", openIterator(target, program.fd, what)),
}

/** The link of an iterator, by its descriptor. Throws `KERNEL_ITERATOR`. */
function openIterator(scope: IterScope, programFd: number, what: string): number {
  const cgroup = scope.cgroup === undefined ? undefined : openFolder(scope.cgroup, what)
  try {
    const fd = iterLinkCreate(programFd, attachTypeOf("iter") ?? 0, scopeInfo(scope, cgroup))
    if (fd >= 0) return fd
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_PERFMON"])
    throw refused(scope, what, -fd)
  } finally {
    if (cgroup !== undefined) closeSync(cgroup)
  }
}

/** Starts a run of a program that is an iterator. Throws `KERNEL_ITERATOR`. */
export function runIterator(scope: IterScope, programFd: number, what: string): IterOutput {
  const link = openIterator(scope, programFd, what)
  const fd = iterCreate(link)
  // The run holds the link for as long as it is read.
  closeFd(link)
  if (fd < 0) throw callFailed(what, -fd)
  return new Run(fd, what)
}

// Source: Linux include/uapi/linux/bpf.h, `enum bpf_cgroup_iter_order`.
const ORDERS: Readonly<Record<CgroupOrder, number>> = {
  self: 1,
  descendants_pre: 2,
  descendants_post: 3,
  ancestors_up: 4,
}

/**
 * `union bpf_iter_link_info`, of which one member is used:
 *
 *     map:    u32 map_fd
 *     cgroup: u32 order, cgroup_fd; u64 cgroup_id
 *     task:   u32 tid, pid, pid_fd
 */
function scopeInfo({ map, pid, tid, order }: IterScope, cgroup: number | undefined): Uint8Array | undefined {
  const words = new Uint32Array(4)
  if (map !== undefined) words[0] = map.fd
  else if (cgroup !== undefined) words.set([ORDERS[order ?? "descendants_pre"], cgroup])
  else if (tid !== undefined) words[0] = tid
  else if (pid !== undefined) words[1] = pid
  else return undefined
  return new Uint8Array(words.buffer)
}

function openFolder(path: string, what: string): number {
  try {
    return openSync(path, "r")
  } catch (cause) {
    throw failed(what, `there is no group ${path}`, "give the path of a folder in the cgroup file system", { cause })
  }
}

function refused(scope: IterScope, what: string, errno: number): SkepError {
  const { map, pid, tid, cgroup } = scope
  if (errno === ESRCH || errno === ENOENT) {
    return failed(what, `there is no process ${pid ?? tid}`, "it has ended, or is in another pid namespace", { errno })
  }
  const ofTask = pid !== undefined || tid !== undefined || cgroup !== undefined
  if (ofTask && !kernelAtLeast("6.1")) {
    return failed(what, "the kernel's iterators visit everything", "let the program skip what it does not want", {
      errno,
      missing: { feature: "iterators over one process or group", minKernel: "6.1" },
    })
  }
  if (errno === EINVAL && map === undefined) {
    return failed(
      what,
      "the kind of iterator needs a map, or takes no such limits",
      "b.iter(fn, { map: b.table(…) })",
      { errno },
    )
  }
  return failed(
    what,
    "the kernel refuses the iterator",
    "the map must be of the kind that the iterator visits, and its values as large as the program reads",
    { errno },
  )
}

const failed = (what: string, why: string, hint: string, parts: object = {}): SkepError =>
  new SkepError({ code: "KERNEL_ITERATOR", message: `${what}: ${why}`, hint, ...parts })

class Run implements IterOutput {
  readonly #what: string
  #fd: number
  #reading = false
  #closed = false

  constructor(fd: number, what: string) {
    this.#fd = fd
    this.#what = what
  }

  async read(): Promise<Uint8Array | undefined> {
    const buffer = new Uint8Array(CHUNK)
    while (!this.#closed) {
      const answer = await this.#readAside(buffer)
      if (typeof answer === "number") return this.#take(buffer, answer)
      if (answer.code !== "EAGAIN") throw this.#failed(answer)
    }
    return undefined
  }

  readSync(): Uint8Array | undefined {
    const buffer = new Uint8Array(CHUNK)
    while (!this.#closed) {
      try {
        return this.#take(buffer, readSync(this.#fd, buffer, 0, CHUNK, null))
      } catch (error) {
        // The kernel pauses after a million objects that the program wrote nothing about.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw this.#failed(error)
      }
    }
    return undefined
  }

  close(): void {
    this.#closed = true
    // A read that is under way in another thread must not meet a descriptor that has become something else.
    if (this.#fd < 0 || this.#reading) return
    closeFd(this.#fd)
    this.#fd = -1
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #readAside(buffer: Uint8Array): Promise<number | NodeJS.ErrnoException> {
    this.#reading = true
    const answer = await new Promise<number | NodeJS.ErrnoException>(resolve => {
      read(this.#fd, buffer, 0, CHUNK, null, (error, size) => resolve(error ?? size))
    })
    this.#reading = false
    if (this.#closed) this.close()
    return answer
  }

  #take(buffer: Uint8Array, size: number): Uint8Array | undefined {
    if (size > 0) return buffer.subarray(0, size)
    this.close()
    return undefined
  }

  #failed(cause: unknown): SkepError {
    this.close()
    const hint = "a record may be larger than the kernel's buffer of eight pages"
    return failed(this.#what, "reading its output failed", hint, { cause })
  }
}
