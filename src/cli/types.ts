import { basename } from "node:path"
import { moduleTypes, typesText } from "../gen/index.ts"
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
    import: { about: "the types of the C file as a module, as the plugin for bundlers writes them" },
    ...GENERATE_OPTIONS,
  },
  examples: [["skep types task_switch.c -o task_switch.d.ts", "writes interface TaskSwitch"]],
  run(values, [file]) {
    const name = generatedName(file, values.name)
    const options = { name, source: basename(file) }
    const object = objectOfFile(file, values)
    writeOutput(values.output, values.import ? moduleTypes(object, options) : typesText(object, options))
    return SUCCESS
  },
})
