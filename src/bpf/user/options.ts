/** What {@link BPF.attachUprobe} and {@link BPF.attachUretprobe} take: a file, a place in it, and a function of the program. */
export interface UprobeOptions {
  /** Path of a program or library, or the name of one (`bash`, `c`, `libssl.so.3`); with `pid` as that process sees it. */
  readonly path?: string
  /** In place of `path`: the name of a library (`c` for libc). */
  readonly library?: string
  /** The function's name as `nm` shows it, `NAME@VERSION` for one of several versions; or as C++ and Rust write it: `bees::Hive<int>::fill`. */
  readonly symbol?: string
  /** All functions whose names match: by one link where the kernel can (Linux 6.6). */
  readonly symbolRe?: RegExp | string
  /** In place of a name: an address as `nm` and `objdump` show it. */
  readonly address?: number
  /** Bytes into the function. */
  readonly offset?: number
  /** The process to trace; all processes without it, those that are not started yet among them. */
  readonly pid?: number
  /** A number that the program reads by `bpf_get_attach_cookie(ctx)`. Linux 5.15. */
  readonly cookie?: bigint | number
  /** Function of the program. */
  readonly fn: string
}

/** A static probe (USDT) and the function of the program that runs there. */
export interface UsdtOptions {
  /** Path or name of a program or library. Without it the probe is looked for in all that the process `pid` runs. */
  readonly path?: string
  /** The process to trace; all processes without it. */
  readonly pid?: number
  /** `provider:name`, or the name alone where only one provider has it. */
  readonly probe: string
  /** Function of the program. */
  readonly fn: string
  /** A number that a program for libbpf reads by `bpf_usdt_cookie(ctx)`. */
  readonly cookie?: bigint | number
}
