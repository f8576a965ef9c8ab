import type { ProgramType } from "../../object/index.ts"

/** A context that the machine lays out for a program: where its pointers are, which nobody outside can give. */
export interface ContextLayout {
  /** Bytes; undefined where it is as long as what is given. */
  readonly size?: number
  /** Offsets of the pointers to the beginning and the end of data that goes with it. */
  readonly data?: readonly [start: number, end: number]
  /** Offset of the pointer to a socket (`struct bpf_sock`). */
  readonly socket?: number
}

/**
 * Contexts of program types that the kernel does not run by itself: `struct sk_msg_md`, `struct bpf_sock_ops` and their like. Offsets are those of
 * include/uapi/linux/bpf.h (6.18), and of arch/x86/include/uapi/asm/bpf_perf_event.h.
 */
export const CONTEXTS: Partial<Readonly<Record<ProgramType, ContextLayout>>> = {
  sk_msg: { size: 80, data: [0, 8], socket: 72 },
  sk_reuseport: { size: 56, data: [0, 8], socket: 40 },
  sock_ops: { size: 224, data: [192, 200], socket: 184 },
  cgroup_sock: { size: 80 },
  cgroup_sock_addr: { size: 72, socket: 64 },
  cgroup_sockopt: { size: 40, data: [8, 16], socket: 0 },
  cgroup_sysctl: { size: 8 },
  cgroup_device: { size: 12 },
  kprobe: { size: 168 },
  perf_event: { size: 184 },
  lirc_mode2: { size: 4 },
  tracepoint: {},
  struct_ops: {},
}

/** Most bytes of a context that is as long as what is given. */
export const MOST_CONTEXT = 4096
