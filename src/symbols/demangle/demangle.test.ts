import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { test } from "node:test"
import { findTool } from "../../../tests/support/tools.ts"
import { demangle } from "./index.ts"

function means(name: string, want: string): void {
  test(`${name} is ${want}`, () => assert.equal(demangle(name), want))
}

// C++
means("_Z1fv", "f()")
means("_Z3addii", "add(int, int)")
means("_ZN4bees4HiveIiE4fillEiPKc", "bees::Hive<int>::fill(int, char const*)")
means("_ZNK4bees4HiveIiE4sizeEv", "bees::Hive<int>::size() const")
means("_ZN4HiveC2Ev", "Hive::Hive()")
means("_ZN4HiveIiED0Ev", "Hive<int>::~Hive()")
means("_Z3mapIiEvT_S0_", "void map<int>(int, int)")
means("_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_", "std::remove_reference<int&>::type&& std::move<int&>(int&)")
means("_Z1fPFivE", "f(int (*)())")
means("_Z1fRA10_i", "f(int (&) [10])")
means("_Z1fM1AFivE", "f(int (A::*)())")
means("_ZTV4Hive", "vtable for Hive")
means("_ZThn16_N4Hive4fillEv", "non-virtual thunk to Hive::fill()")
means("_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const")
means("_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f()")
means("_ZlsRSoRKSs", "operator<<(std::ostream&, std::string const&)")
means(
  "_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_c",
  "std::basic_ostream<char, std::char_traits<char> >& std::operator<< <std::char_traits<char> >(std::basic_ostream<char, std::char_traits<char> >&, char)",
)
means("_Z1fIJidEEvDpT_", "void f<int, double>(int, double)")
means("_Z1fILi5ELb1EEvv", "void f<5, true>()")
means("_Z3sumi.part.0", "sum(int) [clone .part.0]")
// Rust
means("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt")
means(
  "_ZN77_$LT$alloc..vec..Vec$LT$u8$GT$$u20$as$u20$core..convert..AsRef$LT$str$GT$$GT$3get17h0123456789abcdefE",
  "<alloc::vec::Vec<u8> as core::convert::AsRef<str>>::get",
)
means("_RNvC6_123foo3bar", "123foo::bar")
means("_RNvNtNtCs1234_7mycrate3foo3bar3baz", "mycrate::foo::bar::baz")
means("_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_", "mycrate::main::{closure#0}")
means("_RINvNtC3std3mem8align_ofjE", "std::mem::align_of::<usize>")
means("_RNvXCs1234_7mycrateNtB2_3FooNtNtC4core5clone5Clone5clone", "<mycrate::Foo as core::clone::Clone>::clone")
means("_RINvC1a1fRShTmcEE", "a::f::<&[u8], (u32, char)>")
means("_RINvC1a1fKj7b_E", "a::f::<123>")
// Neither
for (const name of [
  "",
  "main",
  "_Z",
  "_ZN",
  "_R",
  "_Znothing",
  "_ZN5short",
  "_ZSt",
  "_Z1fS9_",
  "_RB_",
  "_RNvB_1a",
  "_Z1fT_",
])
  means(name, name)
means(`_Z1f${"P".repeat(100_000)}i`, `_Z1f${"P".repeat(100_000)}i`)
means(`_R${"B_".repeat(10_000)}`, `_R${"B_".repeat(10_000)}`)

test("names that were damaged are left as they are or read, in bounded time", () => {
  const names = [
    "_ZN4bees4HiveIiE4fillEiPKcS1_",
    "_RINvXCs1234_7mycrateNtB2_3FooNtNtC4core5clone5Clone5cloneTmcERShE",
    "_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_",
  ]
  let seed = 12345
  const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n
  for (let i = 0; i < 20_000; i++) {
    const name = [...names[i % names.length]]
    for (let n = 0; n <= random(3); n++) name[2 + random(name.length - 2)] = "ZNSTIEPR0123_vJLXDFAM"[random(21)]
    assert.equal(typeof demangle(name.join("")), "string")
  }
})

const LIBRARY = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
const skip =
  findTool("c++filt") === undefined || findTool("nm") === undefined
    ? "binutils are missing"
    : existsSync(LIBRARY)
      ? false
      : "libstdc++ is missing"

test("the names of the C++ library are read as c++filt reads them", { skip }, () => {
  const run = (tool: string, args: string[], input?: string): string[] =>
    spawnSync(tool, args, { input, encoding: "utf8", maxBuffer: 1 << 28 })
      .stdout.trimEnd()
      .split("\n")
  const names = run("nm", ["-D", "--defined-only", LIBRARY])
    .map(line => line.split(" ")[2].replace(/@.*/, ""))
    .filter(name => name.startsWith("_Z"))
  const want = run("c++filt", ["-i"], names.join("\n"))
  const same = names.filter((name, i) => demangle(name) === want[i]).length
  assert.ok(same / names.length > 0.99, `${same} of ${names.length}`)
})
