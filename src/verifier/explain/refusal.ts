import type { ErrorParts, Note } from "../../base/index.ts"
import { type BpfObject, findLine, type Image, type ProgramType } from "../../object/index.ts"
import { explainRefusal } from "./explain.ts"
import { logTail, summarise } from "./log.ts"
import { pathTo } from "./path.ts"
import { splitLog } from "./report.ts"

/** A program that a verifier refused. */
export interface RefusedProgram {
  readonly name: string
  readonly type: ProgramType
  readonly object: BpfObject
  readonly image: Image
  /** The verifier's log, as much of it as there is. */
  readonly log: string
}

/** What is to be said of a refusal. */
export interface RefusalParts extends Pick<ErrorParts, "message" | "why" | "hint" | "notes" | "missing" | "log"> {
  /** The instruction at which the verifier stopped. */
  readonly slot: number | undefined
  /** `a.c:12: return *v;`, as far as it is known. */
  readonly source: string
}

/**
 * A refusal in C's terms: what the program may do wrong and where, the steps that lead there with their values, what to do. Undefined where the
 * log does not say that a program was looked at.
 *
 *     skep's verifier refused program f: the pointer that a lookup in map 'counts' gave may be NULL where what it points to is read (a.c:12: return *v;)
 *     why: the verifier says (memory): R0 invalid mem access 'map_value_or_null'
 *     note: 1. a.c:11: u64 *v = counts.lookup(&key); → bpf_map_lookup_elem gives a value of map 'counts', or NULL
 *     hint: test the pointer before using it: if (!p) return 0;
 *
 * @param verifier whose word it is: `the kernel's verifier`
 * @param otherwise what to say where the log gives no reason
 */
export function refusalParts(program: RefusedProgram, verifier: string, otherwise: string): RefusalParts | undefined {
  const { name, type, object, image, log } = program
  const { plain, report } = splitLog(logTail(log))
  const summary = summarise(plain)
  const { reason } = summary
  if (summary.slot === undefined && reason === "" && report === undefined) return undefined
  const slot = summary.slot ?? report?.slot
  const place = slot === undefined ? undefined : findLine(image, slot)
  const line = place?.line === undefined ? undefined : object.lines[place.line.line]
  const file = line ?? report?.place
  const at = file === undefined ? "" : `${file.file}:${file.line}`
  const source = [at, line?.text.trim() || summary.quoted].filter(part => part).join(": ")
  const placeOf = (to: number): string | undefined => lineOf(program, to)
  const explained = explainRefusal({ log: plain, reason, type, report, placeOf, mapAt: to => mapAt(image, to) })
  const words = reason || (report === undefined ? otherwise : `${report.category}: ${report.problem}`)
  const notes: Note[] = []
  if (place !== undefined && place.placed.spec.name !== name) {
    notes.push({ message: `in subprogram ${place.placed.spec.name}` })
  }
  notes.push(...steps(plain, reason, placeOf))
  return {
    slot,
    source,
    message: `${verifier} refused program ${name}: ${explained?.what ?? words}${source === "" ? "" : ` (${source})`}`,
    ...(explained !== undefined && { why: `the verifier says (${explained.category}): ${words}` }),
    notes,
    log,
    hint: explained?.hint ?? "the whole log is in the error's `log`",
    ...(explained?.missing !== undefined && { missing: explained.missing }),
  }
}

function steps(log: string, reason: string, placeOf: (slot: number) => string | undefined): Note[] {
  return pathTo(log, reason).map(({ slot, source, what }, i) => {
    const place = [placeOf(slot) ?? `instruction ${slot}`, source].filter(part => part !== "").join(": ")
    return { message: `${i + 1}. ${place} → ${what}` }
  })
}

/** The map whose address the instruction at a slot loads. */
function mapAt({ functions, relocations }: Image, slot: number): string | undefined {
  const placed = functions.findLast(f => f.slot <= slot)
  const insn = placed === undefined ? -1 : placed.first + placed.slots.indexOf(slot)
  const found = relocations.find(relocation => relocation.insn === insn)
  return found?.kind === "map" || found?.kind === "mapValue" ? found.map : undefined
}

/** `a.c:12` of a slot. */
function lineOf({ image, object }: RefusedProgram, slot: number): string | undefined {
  const found = findLine(image, slot)?.line
  const line = found === undefined ? undefined : object.lines[found.line]
  return line === undefined ? undefined : `${line.file}:${line.line}`
}
