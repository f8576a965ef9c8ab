import assert from "node:assert/strict"
import { test } from "node:test"
import { vmlinuxEnum } from "../../tests/support/vmlinuxEnum.ts"
import {
  attachTypes,
  helperById,
  helperByName,
  helperId,
  helperName,
  helperNames,
  helperPrototype,
  LAST_HELPER,
  linkTypes,
  mapTypes,
  progTypes,
  type TypeNames,
} from "./index.ts"

/** The running kernel's enumeration agrees with ours on every number both know; ours has all that it has. */
function agrees(name: string, prefix: string, nameOf: (number: number) => string | undefined): void {
  const kernel = vmlinuxEnum(name)
  test(`enum ${name} is the running kernel's`, { skip: kernel === undefined && "no /sys/kernel/btf/vmlinux" }, () => {
    let compared = 0
    for (const [constant, value] of kernel!) {
      // Deprecated aliases share a number with the name that replaced them.
      if (!constant.startsWith(prefix) || /_MAX_|_UNSPEC$|_unspec$|_DEPRECATED$/.test(constant)) continue
      assert.equal(nameOf(value), constant.slice(prefix.length).toLowerCase(), constant)
      compared++
    }
    assert.ok(compared > 8)
  })
}

agrees("bpf_func_id", "BPF_FUNC_", id => helperName(id)?.slice(4))
agrees("bpf_map_type", "BPF_MAP_TYPE_", n => mapTypes.name(n))
agrees("bpf_prog_type", "BPF_PROG_TYPE_", n => progTypes.name(n))
agrees("bpf_attach_type", "BPF_", n => attachTypes.name(n))
agrees("bpf_link_type", "BPF_LINK_TYPE_", n => linkTypes.name(n))

function prototype(name: string, id: number, expected: string, since: string): void {
  test(expected, () => {
    const helper = helperByName(name)
    assert.ok(helper)
    assert.equal(helper.id, id)
    assert.equal(helperPrototype(helper), expected)
    assert.equal(helper.kernelSince, since)
    assert.equal(helperById(id), helper)
  })
}

prototype("bpf_map_lookup_elem", 1, "void *bpf_map_lookup_elem(void *map, const void *key)", "3.19")
prototype("bpf_ktime_get_ns", 5, "u64 bpf_ktime_get_ns(void)", "4.1")
prototype("bpf_trace_printk", 6, "long bpf_trace_printk(const char *fmt, u32 fmt_size, ...)", "4.1")
prototype("bpf_tail_call", 12, "long bpf_tail_call(void *ctx, void *prog_array_map, u32 index)", "4.2")
prototype(
  "bpf_probe_read_kernel",
  113,
  "long bpf_probe_read_kernel(void *dst, u32 size, const void *unsafe_ptr)",
  "5.5",
)
prototype("bpf_ringbuf_reserve", 131, "void *bpf_ringbuf_reserve(void *ringbuf, u64 size, u64 flags)", "5.8")
prototype("bpf_skc_to_tcp_sock", 137, "struct tcp_sock *bpf_skc_to_tcp_sock(void *sk)", "5.9")
prototype("bpf_cgrp_storage_delete", 211, "long bpf_cgrp_storage_delete(void *map, struct cgroup *cgroup)", "6.2")

test("every helper has a name, a prototype and its own number", () => {
  const names = helperNames()
  assert.equal(names.length, LAST_HELPER)
  assert.equal(new Set(names).size, LAST_HELPER)
  for (const [i, name] of names.entries()) {
    assert.match(name, /^bpf_[a-z0-9_]+$/)
    assert.equal(helperId(name), i + 1)
    const helper = helperById(i + 1)!
    assert.ok(helper.args.length <= 5 && helper.ret.length > 0)
    for (const arg of helper.args) assert.match(arg, /^(\.\.\.|(const |struct |unsigned )*\w+ \**\w+)$/)
  }
})

test("no helper of an unknown number or name", () => {
  for (const id of [0, 212, -1, 1.5, Number.NaN]) {
    assert.equal(helperById(id), undefined)
    assert.equal(helperName(id), undefined)
  }
  assert.equal(helperId("map_lookup_elem"), undefined)
  assert.equal(helperId("bpf_constructor"), undefined)
})

function since(table: TypeNames, name: string, number: number, version: string): void {
  test(`${name} is ${number}, since ${version}`, () => {
    assert.equal(table.number(name), number)
    assert.equal(table.since(name), version)
  })
}

since(mapTypes, "hash", 1, "3.19")
since(mapTypes, "ringbuf", 27, "5.8")
since(mapTypes, "arena", 33, "6.9")
since(progTypes, "kprobe", 2, "4.1")
since(progTypes, "netfilter", 32, "6.4")
since(attachTypes, "cgroup_inet_ingress", 0, "4.10")
since(attachTypes, "trace_uprobe_session", 57, "6.13")

test("unknown type names have no number", () => {
  assert.equal(mapTypes.number("HASH"), undefined)
  assert.equal(mapTypes.name(0), undefined)
  assert.equal(mapTypes.since("toString"), undefined)
})
