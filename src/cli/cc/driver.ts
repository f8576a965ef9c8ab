import { existsSync, writeFileSync } from "node:fs"
import { basename } from "node:path"
import { readBytes } from "../../bpf/index.ts"
import { linkObjects, readElf } from "../../object/index.ts"
import { FAILURE, SUCCESS } from "../command.ts"
import { commandHelp } from "../help.ts"
import { answer, searchList } from "./answers.ts"
import { ccCommand } from "./command.ts"
import { compileInput, objectFile } from "./compileInput.ts"
import { CcHeaders } from "./headers.ts"
import type { CcInput, CcJob } from "./job.ts"
import { makeRule, quoteTarget } from "./makeRule.ts"
import { CcMessages } from "./messages.ts"
import { type CcProblem, parseCc } from "./parse.ts"
import { expandResponseFiles } from "./response.ts"
import { unknownWarnings } from "./warnings.ts"

/** Runs a command line of clang's; the exit status is 1 where something is wrong, as clang's. */
export function runCc(args: readonly string[], version: string): number {
  const { job, problems } = parseCc(expandResponseFiles(args))
  const messages = new CcMessages(job)
  for (const remark of job.remarks) messages.driver("warning", remark)
  for (const message of unknownWarnings(job.warnings)) messages.option(message)
  for (const { code, message } of [...problems, ...wrongTogether(job)]) messages.driver("error", message, code)
  if (messages.failed) return FAILURE
  if (job.answers.length > 0) return answerAll(job, version, messages)
  if (job.verbose !== "no") process.stderr.write(`${answer("version", version)}`)
  if (job.verbose === "only") {
    process.stderr.write(` ${["skep", "cc", ...args].map(word => JSON.stringify(word)).join(" ")}\n`)
    return SUCCESS
  }
  if (!changeFolder(job, messages) || !areThere(job.inputs, messages)) return FAILURE
  if (job.verbose === "say") process.stderr.write(searchList(job.folders.quoted, new CcHeaders(job.folders)))
  if (isLinked(job)) linkAll(job, version, messages)
  else {
    const entries: string[] = []
    for (const input of job.inputs) makeOne(job, input, args, entries, version, messages)
    if (job.database !== undefined) write(job.database, entries.join(""), messages)
  }
  messages.summary()
  return messages.failed ? FAILURE : SUCCESS
}

/** Whether several inputs become one output. */
function isLinked({ inputs, output, action, link }: CcJob): boolean {
  if (action !== "object" || !link) return false
  return inputs.some(({ language }) => language === "object") || (inputs.length > 1 && output !== undefined)
}

/** What the options say that does not go together. */
function wrongTogether(job: CcJob): CcProblem[] {
  const { inputs, output, action } = job
  const problems: CcProblem[] = []
  if (job.dependencies?.unmade === true && action !== "dependencies") {
    problems.push({ code: "CLI_CC_OPTION", message: "option '-MG' requires '-M' or '-MM'" })
  }
  if (isLinked(job)) return problems
  for (const { name } of inputs.filter(({ language }) => language === "object")) {
    problems.push({ code: "CLI_CC_INPUT", message: `'${name}' is an object already, and with -c nothing is linked` })
  }
  if (inputs.length > 1 && output !== undefined && (action === "object" || action === "assembly")) {
    problems.push({ code: "CLI_CC_OPTION", message: "cannot specify -o when generating multiple output files" })
  }
  return problems
}

/** Compiles what is C, and links all. */
function linkAll(job: CcJob, version: string, messages: CcMessages): void {
  const output = job.output ?? "a.out"
  try {
    const objects = job.inputs.map(({ name, language }) => {
      if (language === "object") return readElf(readBytes(name), name)
      const made = compileInput(job, name, new CcHeaders(job.folders), messages, version)
      return made?.content instanceof Uint8Array ? readElf(made.content, name) : undefined
    })
    if (messages.failed) return
    const linked = linkObjects(
      objects.filter(object => object !== undefined),
      { name: output },
    )
    write(output, objectFile(linked, job, version), messages)
  } catch (error) {
    messages.thrown(error)
  }
}

function answerAll({ answers }: CcJob, version: string, messages: CcMessages): number {
  for (const question of answers) {
    if (question === "help") {
      process.stdout.write(commandHelp("cc", ccCommand(runCc)))
      continue
    }
    const text = answer(question, version)
    if (text === undefined) messages.driver("error", `unknown argument: '-${question}'`, "CLI_CC_OPTION")
    else process.stdout.write(text)
  }
  return messages.failed ? FAILURE : SUCCESS
}

function changeFolder({ workingDirectory }: CcJob, messages: CcMessages): boolean {
  if (workingDirectory === undefined) return true
  try {
    process.chdir(workingDirectory)
    return true
  } catch {
    messages.driver("error", `unable to set working directory: ${workingDirectory}`, "CLI_CC_INPUT")
    return false
  }
}

function areThere(inputs: readonly CcInput[], messages: CcMessages): boolean {
  for (const { name } of inputs) {
    if (name !== "-" && !existsSync(name)) {
      messages.driver("error", `no such file or directory: '${name}'`, "CLI_CC_INPUT")
    }
  }
  return !messages.failed
}

/** Compiles one file and writes what comes of it. */
function makeOne(
  job: CcJob,
  input: CcInput,
  args: readonly string[],
  entries: string[],
  version: string,
  messages: CcMessages,
): void {
  const headers = new CcHeaders(job.folders, {
    unmade: job.dependencies?.unmade === true && job.action === "dependencies",
    ...(job.showHeaders && { onRead: (path, depth) => process.stderr.write(`${".".repeat(depth)} ${path}\n`) }),
  })
  const made = compileInput(job, input.name, headers, messages, version)
  if (made === undefined || messages.failed) return
  const output = job.output ?? defaultOutput(job, input)
  if (job.database !== undefined) entries.push(databaseEntry(args, input.name, output))
  if (made.content !== undefined) write(output, made.content, messages)
  if (job.dependencies === undefined) return
  const { system, targets, phony, file } = job.dependencies
  const target = job.action === "dependencies" ? `${stem(input)}.o` : output === "-" ? `${stem(input)}.o` : output
  const used = [...headers.used.values()].filter(header => system || !header.system).map(({ path }) => path)
  const rule = makeRule(targets.length > 0 ? targets : [quoteTarget(target)], [input.name, ...used], phony)
  const alone = job.action === "dependencies"
  write(file ?? (alone ? (job.output ?? "-") : output.replace(/\.[^./]*$/, "").concat(".d")), rule, messages)
}

/** An entry of compile_commands.json with a comma behind it, as clang writes it: many of them in brackets are the file. */
function databaseEntry(args: readonly string[], file: string, output: string): string {
  return `${JSON.stringify({ directory: process.cwd(), file, output, arguments: ["skep", "cc", ...args] })},\n`
}

/** `dir/a.bpf.c` → `a.bpf` */
const stem = ({ name }: CcInput): string => (name === "-" ? "-" : basename(name).replace(/\.[^.]*$/, ""))

function defaultOutput({ action }: CcJob, input: CcInput): string {
  if (action === "object") return input.name === "-" ? "-" : `${stem(input)}.o`
  return action === "assembly" && input.name !== "-" ? `${stem(input)}.s` : "-"
}

function write(path: string, content: string | Uint8Array, messages: CcMessages): void {
  if (path === "-") {
    process.stdout.write(content)
    return
  }
  try {
    writeFileSync(path, content)
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException
    messages.driver("error", `unable to open output file '${path}': ${WHY_NOT[code] ?? message}`, "CLI_OUTPUT")
  }
}

/** What the system says of a file that cannot be written, in words. */
const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "there is no such folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
}
