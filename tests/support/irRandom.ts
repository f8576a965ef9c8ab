import { SourceFile } from "../../src/base/index.ts"
import { type IrFunction, type Module, newFunction, removeUnreachable, type ValueType } from "../../src/ir/index.ts"
import { flowStatements } from "./irRandomFlow.ts"
import { FunctionMaker, type Signature, VALUE_BYTES } from "./irRandomMaker.ts"
import { plainStatements } from "./irRandomPlain.ts"
import { Random } from "./random.ts"

export { PARAM_BYTES } from "./irRandomMaker.ts"

/**
 * Random modules in the SSA form, the same for the same seed: programs that terminate, never fault, and never let an undefined value be
 * seen, so that every correct transformation keeps what they do. Every instruction of the form occurs. Helpers are those that `irOracle.ts`
 * plays.
 *
 * The program is `@f(ptr %p, i32 %a, i64 %b) -> i64`, with 64 bytes that may be written behind `%p`.
 */
export function randomModule(seed: number, size = 25): Module {
  return new ModuleMaker(new Random(seed), size).make()
}

const statements = [...plainStatements, ...flowStatements]

class ModuleMaker {
  readonly random: Random
  readonly size: number
  readonly file = new SourceFile("random", "")
  readonly statics: Signature[] = []
  readonly functions: IrFunction[] = []

  constructor(random: Random, size: number) {
    this.random = random
    this.size = size
  }

  make(): Module {
    const { random } = this
    for (let i = random.below(4); i > 0; i--) this.#static(`s${i}`)
    this.#callback()
    const body = random.chance(0.25) ? "graph" : "tree"
    this.#function(
      "f",
      [
        ["ptr", "p"],
        ["i32", "a"],
        ["i64", "b"],
      ],
      "i64",
      "program",
      this.size,
      body,
    )
    const init = Uint8Array.from({ length: 24 }, () => random.below(256))
    return {
      name: "random",
      functions: random.chance(0.5) ? this.functions : [...this.functions].reverse(),
      programs: [{ func: "f", section: "socket" }],
      maps: [
        {
          name: "m",
          type: "hash",
          keySize: 4,
          valueSize: VALUE_BYTES,
          maxEntries: 8,
          flags: 0,
          keyType: 0,
          valueType: 0,
        },
      ],
      globals: [
        { name: "g", section: ".bss", size: 16, align: 8, init: undefined, offset: 0, constant: false },
        { name: "r", section: ".rodata", size: 24, align: 8, init, offset: 0, constant: true },
      ],
      license: "GPL",
      btf: { addString: () => 0, encode: () => new Uint8Array(0) },
    }
  }

  #static(name: string): void {
    const { random } = this
    const params: [ValueType, string][] = [["ptr", "p"]]
    for (let i = random.below(3); i > 0; i--) params.push([random.pick(["i32", "i64"]), `n${i}`])
    random.shuffle(params)
    const ret = random.pick(["i32", "i64", "void"] as const)
    const body = random.chance(0.15) ? "graph" : "tree"
    const func = this.#function(name, params, ret, "static", random.below(this.size / 2) + 1, body)
    func.inline = random.pick(["always", "never", "auto", "auto"])
    this.statics.push({ name, params: func.params, ret })
  }

  #callback(): void {
    this.#function(
      "cb",
      [
        ["i64", "i"],
        ["ptr", "p"],
      ],
      "i64",
      "callback",
      this.random.below(this.size / 4) + 1,
      "tree",
    )
  }

  #function(
    name: string,
    params: readonly (readonly [ValueType, string])[],
    ret: "i32" | "i64" | "void",
    role: IrFunction["role"],
    size: number,
    body: "tree" | "graph",
  ): IrFunction {
    const span = { file: this.file, start: 0, end: 0 }
    const func = newFunction({ name, ret, span, role, params: params.map(([type, n]) => ({ type, name: n })) })
    const maker = new FunctionMaker(this.random, func, size, this.statics, statements)
    if (body === "tree") maker.tree()
    else maker.graph()
    removeUnreachable(func)
    this.functions.push(func)
    return func
  }
}
