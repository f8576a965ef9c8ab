import assert from "node:assert/strict"
import { test } from "node:test"
import { randomModule } from "../../tests/support/randomIr.ts"
import { SkepError } from "../base/index.ts"
import { assertValid, type Module, parseModule } from "../ir/index.ts"
import { generate } from "./index.ts"

const parse = (text: string): Module => {
  const module = parseModule(text, "prog.c")
  for (const func of module.functions) assertValid(func, "", module)
  return module
}

function refuses(name: string, text: string, code: string, message: RegExp): void {
  test(name, () => {
    assert.throws(
      () => generate(parse(text), { cpu: 2, check: true }),
      (e: unknown) => {
        assert.ok(e instanceof SkepError)
        assert.equal(e.code, code)
        assert.match(e.message, message)
        assert.ok(e.hint)
        return true
      },
    )
  })
}

const program = (body: string) => `program @f section "t"\nfunc @f(ptr %p) -> i64 {\nb0:\n${body}\n}`

refuses(
  "an atomic operation of a higher level",
  program("%1 = atomic or 8 %p, 1\nret 0"),
  "CODEGEN_ATOMIC",
  /^an atomic or needs instruction set level 3 \(this is for level 2\)$/,
)
refuses(
  "the old value of an atomic addition",
  program("%1 = atomic add 8 %p, 1\nret %1"),
  "CODEGEN_ATOMIC",
  /^an atomic add that gives the old value needs/,
)
refuses(
  "a call with six arguments",
  `${program("%1 = call @g(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6) -> i64\nret %1")}
static func @g(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f) -> i64 noinline {\nb0:\nret 0\n}`,
  "CODEGEN_ARGUMENTS",
  /^g is called with 6 arguments: BPF has registers for 5$/,
)

test("a missing function is an error", () => {
  const module = parseModule(program("%1 = funcaddr @g\n%2 = call helper 181 bpf_loop(i64 1, %1) -> i64\nret 0"))
  assert.throws(() => generate(module, { cpu: 3 }), { code: "CODEGEN_NO_FUNCTION" })
})

test("the same module gives the same object", () => {
  const make = () => JSON.stringify(generate(randomModule(5, { size: 60 }), { cpu: 3 }), replacer)
  assert.equal(make(), make())
})
const replacer = (_: string, v: unknown) => (v instanceof Uint8Array ? [...v] : v)

test("the strings of the line info are added to the types before these are encoded", () => {
  const strings: string[] = []
  const module: Module = {
    ...parse(program("%1 = load i64 u8 %p\nret %1")),
    btf: {
      addString: text => strings.push(text),
      encode: () => Uint8Array.of(strings.length),
    },
  }
  const object = generate(module, { cpu: 3 })
  assert.deepEqual([...object.btf], [strings.length])
  for (const { file, text } of object.lines) assert.ok(strings.includes(file) && strings.includes(text))
})

test("each instruction belongs to the line of its source", () => {
  const object = generate(parse(program("%1 = load i64 u8 %p\n%2 = mul i64 %1, 3\nret %2")), { cpu: 3 })
  const [{ lineInfo }] = object.programs
  assert.deepEqual(
    lineInfo.map(l => `${l.insn} ${object.lines[l.line].line}:${l.column} ${object.lines[l.line].text}`),
    ["0 2:1 func @f(ptr %p) -> i64 {", "1 5:1 %2 = mul i64 %1, 3", "2 6:1 ret %2"].map((l, i) =>
      i === 0 ? "0 4:1 %1 = load i64 u8 %p" : l,
    ),
  )
})

test("only functions that are reached are in the object", () => {
  const unit = (name: string, body: string) => `static func @${name}() -> i64 noinline {\nb0:\n${body}\n}\n`
  const module = parse(
    `${program("%1 = call @a() -> i64\nret %1")}\n${unit("b", "ret 1")}${unit("a", "%1 = call @b() -> i64\nret %1")}${unit("c", "ret 2")}`,
  )
  assert.deepEqual(
    generate(module, { cpu: 3 }).functions.map(f => f.name),
    ["b", "a"],
  )
})

test("the stages asked for are shown", () => {
  const shown: string[] = []
  const dump = {
    stages: new Set(["isel", "layout"] as const),
    write: (stage: string, func: string, text: string) => shown.push(`${stage} ${func}\n${text}`),
  }
  generate(parse(program("%1 = load i64 u8 %p\nret %1")), { cpu: 3, dump })
  assert.equal(shown.length, 2)
  assert.match(
    shown[0],
    /^isel f\nf:\nb0:\n {2}v16 = r1\n {2}v17 = \*\(u64 \*\)\(v16 \+ 0\)\n {2}r0 = v17\n {2}exit\n$/,
  )
  assert.match(shown[1], /^layout f\nf:\nb0:\n {2}r0 = \*\(u64 \*\)\(r1 \+ 0\)\n {2}exit\n$/)
})
