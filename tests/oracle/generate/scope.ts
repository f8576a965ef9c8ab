import type { Random } from "../random.ts"

export interface IntType {
  readonly name: string
  readonly bits: number
  readonly signed: boolean
}

export const intTypes: readonly IntType[] = [8, 16, 32, 64].flatMap(bits => [
  { name: `u${bits}`, bits, signed: false },
  { name: `s${bits}`, bits, signed: true },
])
export const unsignedTypes: readonly IntType[] = intTypes.filter(t => !t.signed)
export const u64: IntType = unsignedTypes[3]

/** A member of the record or of the union. */
export interface Field {
  readonly name: string
  readonly type: IntType
  /** Width of a bit-field. */
  readonly width: number | undefined
  /** Number of elements of an array. */
  readonly count: number | undefined
}

export interface Variable {
  readonly name: string
  readonly type: IntType
}

export interface ArrayVariable extends Variable {
  readonly count: number
  readonly constant: boolean
}

export interface Helper {
  readonly name: string
  /** A record, a pointer to a number, or a number. */
  readonly params: readonly ("record" | "pointer" | IntType)[]
  readonly returns: "record" | "nothing" | "number"
}

/** What can be named where the text goes on. */
export class Scope {
  readonly random: Random
  scalars: Variable[] = []
  /** Can be read, not written. */
  counters: string[] = []
  /** Pointers to numbers, each always to some variable of its type. */
  pointers: Variable[] = []
  arrays: ArrayVariable[] = []
  fields: Field[] = []
  records: string[] = []
  parts: Field[] = []
  unions: string[] = []
  helpers: Helper[] = []
  enumerators: string[] = []
  enumType: IntType | undefined
  /** Records that have records in them. */
  outers: string[] = []
  #names = 0

  constructor(random: Random) {
    this.random = random
  }

  name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  /** What is declared inside is gone afterwards. */
  inside(body: () => void): void {
    const lengths = [this.scalars, this.pointers, this.arrays, this.records, this.unions].map(list => list.length)
    body()
    ;[this.scalars, this.pointers, this.arrays, this.records, this.unions].forEach((list, i) => {
      list.length = lengths[i]
    })
  }
}
