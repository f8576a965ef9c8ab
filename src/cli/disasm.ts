import { readBytes } from "../bpf/index.ts"
import { disassembleObject, readElf } from "../object/index.ts"
import { command, SUCCESS } from "./command.ts"
import { SOURCE_OPTIONS, sourceOptions } from "./source.ts"

export const disasm = command({
  usage: "FILE.o|FILE.c",
  about: "Shows the instructions of every function, with the lines of source they come from.",
  positionals: [1, 1],
  options: {
    syntax: {
      value: "SYNTAX",
      choices: ["kernel", "llvm"],
      about: "as the kernel's verifier writes them, or llvm-objdump",
    },
    cpu: { value: "LEVEL", choices: ["v1", "v2", "v3", "v4"], about: "instruction set, for a C file" },
    ...SOURCE_OPTIONS,
  },
  examples: [["skep disasm foo.o", "shows what is in an object file"]],
  async run(values, [file]) {
    const syntax = values.syntax as "kernel" | "llvm" | undefined
    const object = file.endsWith(".c") ? await compiled(file, values) : readElf(readBytes(file), file)
    process.stdout.write(disassembleObject(object, syntax === undefined ? {} : { syntax }))
    return SUCCESS
  },
})

async function compiled(file: string, values: Parameters<typeof sourceOptions>[1] & { cpu?: string }) {
  const { Compilation } = await import("../compiler/index.ts")
  return new Compilation(sourceOptions(file, values, values.cpu)).object
}
