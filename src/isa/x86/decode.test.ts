import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { kernel, needsRoot } from "../../../tests/support/kernel.ts"
import { libbpfObject } from "../../../tests/support/runLibbpf.ts"
import { findTool, inTempDir, runTool } from "../../../tests/support/tools.ts"
import { decodeX86 } from "./decode.ts"

function insn(bytes: string, text: string): void {
  test(`${bytes} is ${text}`, () => {
    const code = Uint8Array.from(bytes.split(" "), byte => Number.parseInt(byte, 16))
    assert.deepEqual(
      decodeX86(code).map(one => one.text),
      text.split("; "),
    )
  })
}

insn("f3 0f 1e fa", "endbr64")
insn("0f 1f 44 00 00", "nopl 0x0(%rax,%rax,1)")
insn("66 90", "xchg %ax,%ax")
insn("55 48 89 e5", "push %rbp; mov %rsp,%rbp")
insn("48 81 ec 10 00 00 00", "sub $0x10,%rsp")
insn("41 57 41 5f", "push %r15; pop %r15")
insn("48 bf 00 01 02 03 04 05 06 07", "movabs $0x706050403020100,%rdi")
insn("b8 ff ff ff ff", "mov $0xffffffff,%eax")
insn("c7 45 fc 01 00 00 00", "movl $0x1,-0x4(%rbp)")
insn("48 83 f8 00 74 05", "cmp $0x0,%rax; je 0xb")
insn("0f 84 10 00 00 00", "je 0x16")
insn("e8 fb ff ff ff", "call 0x0")
insn("f0 48 01 07", "lock add %rax,(%rdi)")
insn("f0 4c 0f c1 47 f8", "lock xadd %r8,-0x8(%rdi)")
insn("f0 0f b1 17", "lock cmpxchg %edx,(%rdi)")
insn("49 c1 e8 20", "shr $0x20,%r8")
insn("c4 e2 f1 f7 c0", "shlx %rcx,%rax,%rax")
insn("48 0f be c0", "movsbq %al,%rax")
insn("40 88 7d ff", "mov %dil,-0x1(%rbp)")
insn("66 c1 c0 08", "rol $0x8,%ax")
insn("0f c8", "bswap %eax")
insn("65 48 8b 04 25 28 00 00 00", "mov %gs:0x28,%rax")
insn("48 99 48 f7 f9", "cqto; idiv %rcx")
insn("c9 c3 cc", "leave; ret; int3")
insn("ff e0 41 ff d3", "jmp *%rax; call *%r11")
insn("06 0f ff e8", "(bad); (bad); (bad); (bad)")

test("any bytes are taken apart, all of them, once", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      let at = 0
      for (const { offset, size, text } of decodeX86(bytes)) {
        assert.equal(offset, at)
        assert.ok(size > 0 && text.length > 0)
        at += size
      }
      assert.equal(at, bytes.length)
    }),
  )
})

/** A program with all of BPF's operators, in 32 and 64 bits, and loads, stores and atomics of all widths. */
const OPERATORS = "+ - * / % & | ^ << >>".split(" ")
const TEXT = `
unsigned long a = 5, b = 3; long c = -7; int d = -9; unsigned int e = 7;
unsigned char bytes[8]; unsigned short halves[4];
SEC("syscall") int f(void *ctx) {
  unsigned long r = 0; unsigned int w = 0;
  ${OPERATORS.map(op => `r += a ${op} (b & 31); w += e ${op} ((unsigned int)b & 31);`).join("\n  ")}
  r += c >> (b & 31); w += d >> (b & 31); r += -c; w += ~e; r += __builtin_bswap64(a); w += __builtin_bswap32(e);
  r += __builtin_bswap16(halves[1]);
  if (c < -3) r++; if (d > 4) w++; if (a >= b) r--; if (e <= 9 && a != 3) w--; if (b & 4) r += 2;
  bytes[1] = r; halves[2] = w; bytes[2] += bytes[3]; halves[0] = halves[3] + 1; a = r; e = w;
  __sync_fetch_and_add(&a, 3); r += __sync_fetch_and_or(&b, r); __sync_fetch_and_and(&e, w); r += __sync_val_compare_and_swap(&a, 1, 2);
  w += __sync_lock_test_and_set(&e, 4);
  bpf_printk("%lu", r);
  return r + w + bpf_get_prandom_u32();
}`

const objdump = findTool("objdump")
const missing =
  needsRoot || (process.arch !== "x64" && "another processor") || (objdump === undefined && "objdump is not installed")

test("what the kernel's compiler makes reads as objdump reads it", { skip: missing }, () => {
  let compared = 0
  for (const cpu of [3, 4] as const) {
    using loaded = kernel().load(libbpfObject(TEXT, cpu))
    for (const { bytes } of loaded.program("f").machineCode()) {
      const theirs = inTempDir(folder => {
        writeFileSync(`${folder}/code`, bytes)
        const flags = ["-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn"]
        return [...runTool(objdump as string, ...flags, `${folder}/code`).matchAll(/^\s*([0-9a-f]+):\t(.*)$/gm)]
      })
      const lines = theirs.map(
        ([, at, text]) =>
          `${at} ${text
            .replace(/\s*#.*/, "")
            .replace(/\s+/g, " ")
            .trim()}`,
      )
      assert.deepEqual(
        decodeX86(bytes).map(({ offset, text }) => `${offset.toString(16)} ${text}`),
        lines,
      )
      compared += lines.length
    }
  }
  assert.ok(compared > 200, String(compared))
})
