import { basename } from "node:path"
import { typesText } from "../gen/index.ts"
import { command, SUCCESS } from "./command.ts"
import { GENERATE_OPTIONS, generatedName, objectOfFile, writeOutput } from "./generate.ts"

export const types = command({
  usage: "FILE.c|FILE.o",
  about:
    "Writes the types of a program for TypeScript: its tables, events, global variables and functions, as an interface that BPF.load takes. " +
    "Nothing is loaded and no rights are needed.",
  positionals: [1, 1],
  options: {
    output: { short: "o", value: "FILE.d.ts", about: "where to write; the standard output without it" },
    ...GENERATE_OPTIONS,
  },
  examples: [["skep types task_switch.c -o task_switch.d.ts", "writes interface TaskSwitch"]],
  run(values, [file]) {
    const name = generatedName(file, values.name)
    writeOutput(values.output, typesText(objectOfFile(file, values), { name, source: basename(file) }))
    return SUCCESS
  },
})
