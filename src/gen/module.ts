import type { BpfObject } from "../object/index.ts"
import { type Description, describe } from "./describe.ts"
import { type Embedded, embeddedArguments } from "./embed.ts"
import { header, imports, interfaces, type TypesOptions } from "./types.ts"

/** What goes into a module besides the program's types. */
export interface ModuleOptions extends TypesOptions {
  readonly embedded: Embedded
}

/**
 * A module with a compiled program and its types, in TypeScript:
 *
 *     export const TaskSwitch = new CompiledProgram<TaskSwitchTypes>("task_switch.c", "f0VMRg…")
 *     export type TaskSwitch = BPF<TaskSwitchTypes>
 */
export function moduleText(object: BpfObject, { name, source, embedded }: ModuleOptions): string {
  const description = described(object, name)
  return `${header("gen", source)}import { CompiledProgram } from "skep"
${imports(description, ["BPF"])}${interfaces(description, `${name}Types`, source)}${enumerations(description, "")}
${aboutType(name, source)}
export type ${name} = BPF<${name}Types>

/** ${source}, compiled: \`await ${name}.load()\` puts it into the kernel. */
export const ${name} = new CompiledProgram<${name}Types>(
${embeddedArguments(source, embedded)})
export default ${name}
`
}

/** The same in JavaScript, without the types: {@link moduleTypes} has them. */
export function moduleScript(object: BpfObject, { name, source, embedded }: ModuleOptions): string {
  return `${header("gen", source)}import { CompiledProgram } from "skep"
${enumerations(described(object, name), "")}
export const ${name} = /* @__PURE__ */ new CompiledProgram(
${embeddedArguments(source, embedded)})
export default ${name}
`
}

/** The types of what {@link moduleScript} writes. */
export function moduleTypes(object: BpfObject, { name, source }: TypesOptions): string {
  const description = described(object, name)
  return `${header("gen", source)}${imports(description, ["BPF", "CompiledProgram"])}${interfaces(description, `${name}Types`, source)}${enumerations(
    description,
    "declare ",
  )}
${aboutType(name, source)}
export type ${name} = BPF<${name}Types>

/** ${source}, compiled: \`await ${name}.load()\` puts it into the kernel. */
export declare const ${name}: CompiledProgram<${name}Types>
export default ${name}
`
}

const aboutType = (name: string, source: string): string => `/** ${source}, loaded: what \`${name}.load()\` gives. */`

function described(object: BpfObject, name: string): Description {
  return describe(object, [name, `${name}Types`, "BPF", "CompiledProgram"])
}

/** Enumerations as constants: `level.HIGH`. */
function enumerations({ enums }: Description, declare: "" | "declare "): string {
  return enums
    .map(({ name, values }) => {
      const readonly = declare === "" ? "" : "readonly "
      const members = values.map(
        ([name, value]) => `${readonly}${name}: ${value}${typeof value === "bigint" ? "n" : ""}`,
      )
      return declare === ""
        ? `\n/** Enumerators. */\nexport const ${name} = { ${members.join(", ")} }\n`
        : `\n/** Enumerators. */\nexport declare const ${name}: { ${members.join("; ")} }\n`
    })
    .join("")
}
