import type { Command } from "./command.ts"

/** A command's line in the overview, and how to get the rest of it: a command is read only when it is used. */
export interface CommandEntry {
  readonly about: string
  readonly load: () => Promise<Command>
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  demo: {
    about: "say hello at each clone(), then count task switches",
    load: async () => (await import("./demo.ts")).demo,
  },
  run: {
    about: "compile a C file, run it in the kernel, show its output and its tables",
    load: async () => (await import("./run.ts")).run,
  },
  record: {
    about: "record a program's runs in the kernel, to run it again anywhere",
    load: async () => (await import("./record.ts")).record,
  },
  compile: {
    about: "compile a C file to an object, or show any stage on the way",
    load: async () => (await import("./compile.ts")).compileCommand,
  },
  cc: {
    about: "compile C as clang does, with clang's options: for makefiles",
    load: async () => {
      const { ccCommand } = await import("./cc/command.ts")
      return ccCommand(async (args, version) => (await import("./cc/driver.ts")).runCc(args, version))
    },
  },
  link: {
    about: "make one object of several",
    load: async () => (await import("./link.ts")).link,
  },
  types: {
    about: "write the types of a program for TypeScript",
    load: async () => (await import("./types.ts")).types,
  },
  gen: {
    about: "compile a program into a module of TypeScript or JavaScript, types included",
    load: async () => (await import("./gen.ts")).gen,
  },
  disasm: {
    about: "show the instructions of an object or a C file",
    load: async () => (await import("./disasm.ts")).disasm,
  },
  cover: {
    about: "run tests that use skep/test, and write which lines of their C ran, as lcov does",
    load: async () => (await import("./cover.ts")).cover,
  },
  filter: {
    about: "compile an expression like tcpdump's to a packet filter, show it, or look for packets in a capture",
    load: async () => (await import("./filter/command.ts")).filter,
  },
  explain: {
    about: "show a function's C, SSA form and instructions side by side; say what an error's code means",
    load: async () => (await import("./explain/command.ts")).explain,
  },
  usdt: {
    about: "list the static probes of a program, a library or a process",
    load: async () => (await import("./usdt.ts")).usdt,
  },
  doctor: {
    about: "say what this kernel and this user can do with BPF",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
}
