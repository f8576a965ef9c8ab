import { writeFileSync } from "node:fs"
import { basename } from "node:path"
import { didYouMean, SkepError } from "../base/index.ts"
import { emitC } from "../bcc/index.ts"
import { Btf, dump, formatDefinition } from "../btf/index.ts"
import { dumpAst } from "../c/index.ts"
import { Compilation, dumpNames } from "../compiler/index.ts"
import { printModule } from "../ir/index.ts"
import { disassembleObject, writeElf } from "../object/index.ts"
import { command, SUCCESS, UsageError } from "./command.ts"
import { SOURCE_OPTIONS, sourceOptions } from "./source.ts"
import { note } from "./style.ts"

const EMIT = ["obj", "asm", "ast", "c", "ir", "btf"] as const

export const compileCommand = command({
  usage: "FILE.c",
  about:
    "Compiles a C file. Types and tracepoints are those of the running kernel; nothing is loaded and no rights are needed.",
  positionals: [1, 1],
  options: {
    output: { short: "o", value: "FILE", about: "where to write; - is the standard output" },
    emit: { value: "KIND", choices: EMIT, about: "what to write" },
    dump: { value: "PASS[,PASS…]", about: `show the program after these: ${dumpNames().join(", ")}` },
    cpu: {
      value: "LEVEL",
      choices: ["v1", "v2", "v3", "v4"],
      about: "instruction set; the running kernel's otherwise",
    },
    core: {
      about:
        "leave to the loader where the kernel's structs have their members, so that the object runs on other kernels",
    },
    ...SOURCE_OPTIONS,
  },
  examples: [
    ["skep compile foo.c", "writes foo.o"],
    ["skep compile --emit=asm foo.c", "shows the instructions"],
    ["skep compile --emit=c foo.c", "shows the C after BCC's dialect was made plain"],
    ["skep compile --dump=lower,gvn foo.c", "shows the SSA form after these passes"],
  ],
  run(values, [file]) {
    const passes = dumpPasses(values.dump)
    const compilation = new Compilation({
      ...sourceOptions(file, values, values.cpu),
      core: values.core,
      dump: passes,
      onDump: (stage, text) => process.stdout.write(`; ---- ${stage}\n${text}${text.endsWith("\n") ? "" : "\n"}`),
    })
    const emit = (values.emit ?? "obj") as (typeof EMIT)[number]
    const output = emitted(compilation, emit)
    for (const warning of compilation.warnings) process.stderr.write(`${warning}\n`)
    if (passes.length > 0 && values.emit === undefined && values.output === undefined) return SUCCESS
    if (values.output === undefined && emit === "obj") {
      const path = `${basename(file).replace(/\.c$/, "")}.o`
      write(path, output)
      note(`wrote ${path}`)
    } else if (values.output === undefined || values.output === "-") process.stdout.write(output)
    else write(values.output, output)
    return SUCCESS
  },
})

function write(path: string, output: string | Uint8Array): void {
  try {
    writeFileSync(path, output)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SkepError({
      code: "CLI_OUTPUT",
      message: `cannot write ${path}: ${why}`,
      hint: "give another place with -o; -o - is the standard output",
      cause,
    })
  }
}

function dumpPasses(list: string | undefined): string[] {
  const known = dumpNames()
  const passes = (list ?? "").split(",").filter(Boolean)
  for (const pass of passes) {
    if (known.includes(pass)) continue
    throw new UsageError(`there is no pass '${pass}'${didYouMean(pass, known)}`, `passes: ${known.join(", ")}`)
  }
  return passes
}

/** Runs the stages that the output needs, and no more. */
function emitted(compilation: Compilation, emit: (typeof EMIT)[number]): string | Uint8Array {
  switch (emit) {
    case "ast":
      return dumpAst(compilation.ast)
    case "c":
      return emitC(compilation.rewritten)
    case "ir":
      return printModule(compilation.module)
    case "asm":
      return disassembleObject(compilation.object)
    case "btf":
      return typesOf(Btf.parse(compilation.object.btf))
    default:
      return writeElf(compilation.object)
  }
}

/** All types of an object as C, and its functions as prototypes. */
function typesOf(btf: Btf): string {
  const parts = [dump(btf)]
  for (const id of btf.ids("func")) parts.push(`${formatDefinition(btf, id)}\n`)
  return parts.filter(part => part !== "").join("\n")
}
