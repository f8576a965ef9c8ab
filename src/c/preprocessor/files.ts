import type { SourceFile, Span } from "../../base/index.ts"
import type { Diagnostics } from "../diagnostics/index.ts"
import { Lexer } from "./lexer.ts"
import type { PpToken } from "./pptoken.ts"

/** How deep includes may nest. */
const INCLUDE_DEPTH = 200

/** An `#if` whose `#endif` has not come. */
export interface Conditional {
  readonly token: PpToken
  /** A group of it was compiled, or is being compiled, or must not be. */
  taken: boolean
  elseSeen: boolean
}

/** A file being read. */
export interface Frame {
  readonly file: SourceFile
  readonly lexer: Lexer
  readonly conditionals: Conditional[]
  readonly guard: GuardFinder
}

/** The files being read, innermost last, and what is known of each: its include guard, `#pragma once`, `#line`. */
export class FileStack {
  readonly main: SourceFile
  readonly #diagnostics: Diagnostics
  readonly #frames: Frame[] = []
  readonly #guards = new Map<SourceFile, string>()
  readonly #once = new Set<SourceFile>()

  constructor(main: SourceFile, diagnostics: Diagnostics) {
    this.main = main
    this.#diagnostics = diagnostics
    this.#push(main)
  }

  get top(): Frame {
    return this.#frames[this.#frames.length - 1]
  }
  get depth(): number {
    return this.#frames.length
  }

  /** Starts to read an included file, unless it is known to give nothing a second time. */
  enter(file: SourceFile, from: Span, isDefined: (name: string) => boolean): void {
    if (this.#once.has(file)) return
    const guard = this.#guards.get(file)
    if (guard !== undefined && isDefined(guard)) return
    if (this.#frames.length >= INCLUDE_DEPTH) {
      this.#diagnostics.fatal("C_INCLUDE_DEPTH", `#include nests more than ${INCLUDE_DEPTH} deep`, from)
    }
    this.#diagnostics.included(file, from)
    this.#push(file)
  }

  /** At the end of a file: checks it and goes back to the one that included it. False at the end of the main file. */
  leave(): boolean {
    const frame = this.top
    for (const open of frame.conditionals.splice(0)) {
      this.#diagnostics.error("C_DIRECTIVE", "unterminated conditional directive", open.token)
    }
    const guard = frame.guard.found
    if (guard !== undefined) this.#guards.set(frame.file, guard)
    if (this.#frames.length === 1) return false
    this.#frames.pop()
    return true
  }

  once(): void {
    this.#once.add(this.top.file)
  }

  /** `#line`: the line after the directive gets this number, and the file this name. */
  setLine(at: Span, line: number, name: string | undefined): void {
    this.top.file.renumber(at.start, line, name)
  }

  #push(file: SourceFile): void {
    const lexer = new Lexer(file, (code, message, start, end) =>
      this.#diagnostics.error(code, message, { file, start, end }),
    )
    this.#frames.push({ file, lexer, conditionals: [], guard: new GuardFinder() })
  }
}

/** Finds out whether a file is all between `#ifndef X` and `#endif`: then a second include gives nothing while X is defined. */
export class GuardFinder {
  #state: "start" | "inside" | "after" | "none" = "start"
  #name = ""

  get found(): string | undefined {
    return this.#state === "after" ? this.#name : undefined
  }

  /** A token that is no directive. */
  token(): void {
    if (this.#state !== "inside") this.#state = "none"
  }

  /** A directive; `depth` counts the conditionals open before it. */
  directive(name: string, depth: number, macro: string | undefined): void {
    if (this.#state === "start") {
      this.#state = name === "ifndef" && macro !== undefined ? "inside" : "none"
      this.#name = macro ?? ""
    } else if (this.#state === "after") this.#state = "none"
    else if (this.#state === "inside" && depth === 1) {
      if (name === "endif") this.#state = "after"
      else if (name.startsWith("el")) this.#state = "none"
    }
  }
}
