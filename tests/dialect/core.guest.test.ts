import assert from "node:assert/strict"
import { umask } from "node:process"
import { test } from "node:test"
import { runningCpu, runningTarget } from "../../src/bpf/index.ts"
import { Compilation } from "../../src/compiler/index.ts"
import { kernel } from "../support/kernel.ts"

// libbpf's C on an older kernel, whose types, configuration and symbols the loader looks up.

const text = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_NO_SUCH_OPTION __kconfig __weak;
extern const void no_such_symbol __ksym __weak;
extern const int bpf_prog_active __ksym;
extern void bpf_no_such_function(void) __ksym __weak;

int pid;
int version, missing, seen, name, symbols;

struct task_struct___later { int no_such_field; } __attribute__((preserve_access_index));

SEC("fentry/__x64_sys_umask")
int BPF_PROG(entered, struct pt_regs *regs)
{
  struct task_struct *task = bpf_get_current_task_btf();
  if (BPF_CORE_READ(task, tgid) != pid) return 0;
  version = LINUX_KERNEL_VERSION;
  missing = CONFIG_NO_SUCH_OPTION + bpf_core_field_exists(((struct task_struct___later *)task)->no_such_field);
  name = bpf_core_type_exists(struct task_struct) + bpf_core_enum_value_exists(enum bpf_map_type, BPF_MAP_TYPE_RINGBUF);
  symbols = (&bpf_prog_active != 0) + (&no_such_symbol == 0);
  if (bpf_no_such_function) bpf_no_such_function();
  seen++;
  return 0;
}

char license[] SEC("license") = "GPL";
`

test("what the loader looks up is the booted kernel's", () => {
  const { object } = new Compilation({ name: "core.c", text, target: runningTarget(), cpu: runningCpu() })
  assert.ok(object.programs[0].core.length > 0)
  const { symbols = [] } = object.maps.find(map => map.name === ".bss")!
  const offset = (name: string): number => symbols.find(symbol => symbol.name === name)!.offset
  using loaded = kernel().load(object)
  const map = loaded.map(".bss")
  const key = new Uint8Array(4)
  const value = map.lookup(key)!
  new DataView(value.buffer).setInt32(offset("pid"), process.pid, true)
  map.update(key, value)
  loaded.program("entered").attach()
  umask(umask())
  const after = new DataView(map.lookup(key)!.buffer)
  const read = (name: string): number => after.getInt32(offset(name), true)
  assert.ok(read("seen") >= 1)
  assert.equal(read("version") >>> 8, (6 << 8) | 1)
  assert.deepEqual([read("missing"), read("name"), read("symbols")], [0, 2, 2])
})
