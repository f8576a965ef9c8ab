/** A folder under src: what it may import from (the index.ts of these rooms), and whether it must also run in a browser. */
export type Room = { may: string[]; packages?: string[]; browser?: boolean }

/** Every room, each after the rooms it may import. The tests beside this file hold it. */
export const rooms: Record<string, Room> = {
  base: { may: [], browser: true },
  isa: { may: ["base"], browser: true },
  btf: { may: ["base", "isa"], browser: true },
  object: { may: ["base", "isa", "btf"], browser: true },
  c: { may: ["base", "btf"], browser: true },
  bcc: { may: ["base", "c", "btf", "isa", "object"], browser: true },
  libbpf: { may: ["base", "c", "btf", "isa", "object", "bcc"], browser: true },
  ir: { may: ["base", "c", "bcc", "btf", "isa", "object"], browser: true },
  opt: { may: ["base", "ir"], browser: true },
  codegen: { may: ["base", "ir", "object", "isa", "btf"], browser: true },
  compiler: { may: ["base", "isa", "btf", "object", "c", "bcc", "libbpf", "ir", "opt", "codegen"], browser: true },
  machine: { may: ["base", "object", "isa", "btf"], browser: true },
  cache: { may: [] },
  symbols: { may: ["base"] },
  netlink: { may: ["base"] },
  kernel: { may: ["base", "cache", "machine", "object", "btf", "isa", "symbols", "netlink"], packages: ["koffi"] },
  bpf: {
    may: [
      "base",
      "isa",
      "btf",
      "object",
      "c",
      "bcc",
      "libbpf",
      "ir",
      "opt",
      "codegen",
      "compiler",
      "machine",
      "cache",
      "symbols",
      "kernel",
    ],
  },
  tools: { may: ["*"] },
  start: { may: ["cache"] },
  cli: { may: ["*"] },
}
