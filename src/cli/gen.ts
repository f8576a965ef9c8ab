import { basename } from "node:path"
import { embed, moduleScript, moduleText, moduleTypes } from "../gen/index.ts"
import { command, SUCCESS, UsageError } from "./command.ts"
import { GENERATE_OPTIONS, generatedName, objectOfFile, writeOutput } from "./generate.ts"

export const gen = command({
  usage: "FILE.c|FILE.o -o FILE.ts|FILE.js",
  about:
    "Writes a module with the compiled program in it, and its types: import { TaskSwitch } from it, and TaskSwitch.load() needs neither the C text nor " +
    "the compiler. JavaScript (.js, .mjs) gets its types in a file beside it. Nothing is loaded and no rights are needed.",
  positionals: [1, 1],
  options: {
    output: {
      short: "o",
      value: "FILE",
      about: "where to write: .ts, .mts, .js or .mjs; TypeScript to the standard output without it",
    },
    object: { about: "keep the object beside it, too: FILE.o" },
    "no-counts": { about: "add no code that counts the events for which a ring buffer has no room" },
    ...GENERATE_OPTIONS,
  },
  examples: [["skep gen task_switch.c -o task_switch.ts", "writes class TaskSwitch"]],
  run(values, [file]) {
    const { output } = values
    const extension = /\.[cm]?([jt])s$/.exec(output ?? "x.ts")
    if (extension === null && output !== "-")
      throw new UsageError(`cannot tell what ${output} is to be`, "-o FILE.ts, or .mts, .js, .mjs")
    const name = generatedName(file, values.name)
    const object = objectOfFile(file, values, { countDrops: values["no-counts"] !== true, core: true })
    const embedded = embed(object)
    const options = { name, source: basename(file), embedded }
    if (values.object) {
      if (output === undefined || output === "-")
        throw new UsageError("--object needs a file to stand beside", "-o FILE.ts")
      writeOutput(output.replace(/\.[cm]?[jt]s$/, ".o"), embedded.bytes)
    }
    if (extension?.[1] !== "j") writeOutput(output, moduleText(object, options))
    else {
      writeOutput(output, moduleScript(object, options))
      writeOutput(output?.replace(/js$/, "d.ts").replace(/\.([cm])d\.ts$/, ".d.$1ts"), moduleTypes(object, options))
    }
    return SUCCESS
  },
})
