import type { LoadedMap } from "./map.ts"

/** Which groups an iterator over cgroups visits: one, those below it before or after their children, or those above it. */
export type CgroupOrder = "self" | "descendants_pre" | "descendants_post" | "ancestors_up"

/** What an iterator is to visit; without any, all there is. */
export interface IterScope {
  /** Elements of this map, for `bpf_map_elem`, `sockmap` and `bpf_sk_storage_map`. */
  readonly map?: Pick<LoadedMap, "fd">
  /** One process with all its threads, for `task`, `task_file` and `task_vma`. Linux 6.1. */
  readonly pid?: number
  /** One thread. Linux 6.1. */
  readonly tid?: number
  /** Groups, from the folder of one in the cgroup file system, for `cgroup`. Linux 6.1. */
  readonly cgroup?: string
  /** `descendants_pre` without it. */
  readonly order?: CgroupOrder
}

/** An iterator: a program that the kernel runs for each of its objects of a kind, whose output can be read. */
export interface IterTarget extends IterScope {
  readonly kind: "iter"
  /** The kind: `task`, `bpf_map`, `tcp`, … */
  readonly event: string
}

/** One run of an iterator. What was not read yet was not visited yet. */
export interface IterOutput extends Disposable {
  /** The next bytes of the output, without holding the event loop up; undefined at its end. */
  read(): Promise<Uint8Array | undefined>
  /** The next bytes, at once. */
  readSync(): Uint8Array | undefined
  /** Ends the run. */
  close(): void
}
